// SPDX-FileCopyrightText: 2026 the jsa.ports authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Search, filters, and sorting. The page can be read without it. It reads texts and never makes markup of them.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const all = (selector, inside = document) => Array.from(inside.querySelectorAll(selector));
  const form = byId("filters");
  const status = byId("shown");
  const fields = ["from", "to", "protocol", "verdict"].map(byId).filter((field) => field !== null);
  const search = byId("search");

  // Key of a host or network -> key of its group.
  const groups = new Map(all("option[data-group]").map((option) => [option.value, option.dataset.group]));
  // Keys of hosts and networks -> how many of them each key, and each group, stands for.
  const counted = (keys) => {
    const found = new Map();
    for (const key of keys.split(" ")) {
      found.set(key, 1);
      const group = groups.get(key);
      found.set(group, (found.get(group) || 0) + 1);
    }
    return found;
  };
  // Key of a set -> its members, and their names for the search.
  const sets = new Map(all("[data-members]").map((set) => [set.id, {
    members: counted(set.dataset.members),
    text: set.textContent.toLowerCase(),
  }]));

  const described = (row) => {
    const set = sets.get(row.dataset.peers);
    return {
      row,
      text: row.textContent.toLowerCase() + (set ? ` ${set.text}` : ""),
      from: set ? set.members : counted(row.dataset.from),
      to: counted(row.dataset.to),
      protocol: new Set([row.dataset.protocol]),
      verdict: new Set((row.dataset.verdicts || "").split(" ")),
      flows: Number(row.dataset.flows || 0),
    };
  };
  const flows = all("#flow-rows tbody tr").map(described);
  const verdicts = all(".verdicts tbody tr").map(described);

  const fits = (one, words) =>
    fields.every((field) => field.value === "" || one[field.id].has(field.value)) &&
    words.every((word) => one.text.includes(word));

  // How many flows of a row begin at what is chosen. A host is not its own peer, though it can be in the set that its
  // row shares with others.
  const flowsOf = (one) => {
    const from = byId("from").value;
    if (from === "") return one.flows;
    const own = one.from.has(one.row.dataset.to) && one.to.has(from) ? 1 : 0;
    return one.from.get(from) - own;
  };

  const number = (value) => value.toLocaleString("en-US");
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    let rows = 0;
    let total = 0;
    for (const one of flows) {
      const count = fits(one, words) ? flowsOf(one) : 0;
      one.row.hidden = count === 0;
      if (count > 0) {
        rows += 1;
        total += count;
      }
    }
    for (const one of verdicts) one.row.hidden = !fits(one, words);
    const some = rows < flows.length ? `${number(rows)} of ${number(flows.length)} rows` : `${number(rows)} rows`;
    status.textContent = `${some}, ${number(total)} flows`;
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  search.addEventListener("input", apply);
  for (const field of fields) field.addEventListener("change", apply);

  for (const cell of all(".matrix a")) {
    cell.addEventListener("click", (event) => {
      event.preventDefault();
      form.reset();
      byId("from").value = cell.dataset.from;
      byId("to").value = cell.dataset.to;
      // After what the reset has put off.
      setTimeout(() => {
        apply();
        byId("flows").focus();
        byId("flows").scrollIntoView();
      });
    });
  }

  const collator = new Intl.Collator("en", { numeric: true });
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort === undefined ? cell.textContent : cell.dataset.sort;
  };
  for (const button of all("button.sort")) {
    button.disabled = false;
    button.addEventListener("click", () => {
      const head = button.parentElement;
      const order = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      for (const other of head.parentElement.cells) {
        if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
      }
      head.setAttribute("aria-sort", order);
      const body = head.closest("table").tBodies[0];
      const sign = order === "ascending" ? 1 : -1;
      const rows = Array.from(body.rows).map((row) => [valueOf(row, head.cellIndex), row]);
      rows.sort((one, other) => sign * collator.compare(one[0], other[0]));
      body.append(...rows.map(([, row]) => row));
    });
  }

  // What a person has closed is printed as well.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
})();
