# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's rules as text: what is kept of them, what is given back, and when they count as back."""

from __future__ import annotations

import json
import tempfile

from pathlib import Path
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import snapshot
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.nft_tables import readable, split
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.snapshot import TABLE
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError

BODY = """
\tset geo {
\t\ttype ipv4_addr
\t\tflags interval
\t\telements = { 192.0.2.0/25, 198.51.100.0/24,
\t\t\t     203.0.113.7 }
\t}

\tchain filter_INPUT {
\t\ttype filter hook input priority filter + 10; policy accept;
\t\tct state { established, related } accept
\t\tlog prefix ""filter_IN_drop: ""
\t\tip saddr @geo drop
\t\treject with icmpx admin-prohibited
\t}
}
"""
FIREWALLD = "table inet firewalld {" + BODY
OWNED = "table inet firewalld { # progname firewalld\n\tflags owner,persist\n" + BODY
FOREIGN = """# Warning: table ip filter is managed by iptables-nft, do not touch!
table ip filter {
\tchain INPUT {
\t\ttype filter hook input priority filter; policy accept;
\t\txt match "comment" counter packets 0 bytes 0 drop
\t}
}
"""
EMPTY = "table inet firewalld {\n}\n"
IPTABLES = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
-A INPUT -s 198.51.100.7/32 -j DROP
-A INPUT -s 198.51.100.8/32 -j DROP
COMMIT
"""


class Kernel:
    """Answers nft, iptables and ipset from texts, and does what it is fed."""

    def __init__(self, **texts: str) -> None:
        self.texts = {"nft": "", "ip": "", "ip6": "", "ipset": "", **texts}
        self.owned = False
        self.unread: tuple[str, ...] = ()
        self.fed: list[tuple[str, str]] = []

    def program(self, name: str) -> str | None:
        return "/usr/sbin/" + name

    def run(self, name: str, *arguments: str, **options: Any) -> str:
        text = options.get("input", "")
        if name == "nft" and "-f" in arguments:
            return self._feed(text)
        if name == "nft" and arguments[0] == "delete":
            self.texts["nft"] = "\n".join(
                "\n".join(one.lines) for one in split(self.texts["nft"]) if one.name != arguments[-1]
            )
            return ""
        if name == "nft" and arguments == ("list", "tables"):
            return "".join(f"table {one.family} {one.name}\n" for one in split(self.texts["nft"]))
        if name == "nft":
            return self.texts["nft"]
        if name.endswith("tables-restore"):
            assert "--wait" in arguments, "somebody may hold the lock of iptables"
            self.fed.append((name, text))
            if "--noflush" in arguments:
                added = [line for line in text.splitlines() if line.startswith("-A ")]
                self.texts[name[: -len("tables-restore")]] += "*filter\n" + "\n".join(added) + "\nCOMMIT\n"
            else:
                self.texts[name[: -len("tables-restore")]] = text
            return ""
        if name == "ipset" and "restore" in arguments:
            self.fed.append((name, text))
            return ""
        return self.texts["ipset"] if name == "ipset" else self.texts[name[: -len("tables-save")]]

    def _feed(self, text: str) -> str:
        errors = [
            f"/dev/stdin:{number}:1-9: Error: syntax error\n{line}"
            for number, line in enumerate(text.splitlines(), 1)
            if any(word in line for word in self.unread)
        ]
        if self.owned and "table inet firewalld" in text:
            errors.append("/dev/stdin:1:1-9: Error: Could not process rule: Operation not permitted\nadd table ...")
        if errors:
            raise CommandError(["nft", "-f", "-"], 1, "\n".join(errors))
        self.fed.append(("nft", text))
        lines = text.splitlines()
        replaced = {line.split()[-1] for line in lines if line.startswith("delete table")}
        kept = [one for one in split(self.texts["nft"]) if one.name not in replaced]
        new = [line for line in lines if not line.startswith(("add table", "delete table"))]
        # The kernel lists a set's elements in an order of its own, and no quotes within quotes.
        shown = "\n".join(new).replace("192.0.2.0/25, 198.51.100.0/24", "198.51.100.0/24, 192.0.2.0/25")
        self.texts["nft"] = "".join("\n".join(one.lines) + "\n" for one in kept) + shown + "\n"
        return ""


def test_tables_are_found_with_all_their_lines() -> None:
    tables = split(FOREIGN + OWNED)
    assert [(one.family, one.name) for one in tables] == [("ip", "filter"), ("inet", "firewalld")]
    assert [line for one in tables for line in one.lines] == [
        line for line in (FOREIGN + OWNED).splitlines() if line and not line.startswith("#")
    ]


@pytest.mark.parametrize("text", ["garbage", FIREWALLD[:-4], "\tchain x {\n"])
def test_what_is_no_ruleset_is_never_taken_for_an_empty_one(text: str) -> None:
    with pytest.raises(ValueError):
        split(text)


def test_a_table_is_given_back_without_its_owner() -> None:
    (table,) = split(OWNED)
    assert readable(table).lines[:2] == ("table inet firewalld {", "\tset geo {")
    dormant = "table inet firewalld {\n\tflags dormant,owner\n}\n"
    assert readable(split(dormant)[0]).lines[1] == "\tflags dormant"
    assert '\t\tlog prefix "filter_IN_drop: "' in readable(table).lines


@pytest.mark.parametrize("text", [FIREWALLD, OWNED])
def test_a_flushed_ruleset_comes_back(text: str) -> None:
    kernel = Kernel(nft=text + FOREIGN, ip=IPTABLES)
    taken = snapshot.take(kernel)  # type: ignore[arg-type]
    kernel.texts["nft"] = EMPTY + FOREIGN
    result = snapshot.put_back(kernel, taken)  # type: ignore[arg-type]
    assert result.done, result
    ((_name, fed),) = kernel.fed
    assert "xt match" not in fed
    assert FOREIGN.splitlines()[-1] in kernel.texts["nft"]
    assert not snapshot.stands_in(kernel)  # type: ignore[arg-type]


def test_a_table_with_an_owner_is_replaced_by_one_of_ours() -> None:
    kernel = Kernel(nft=OWNED)
    taken = snapshot.take(kernel)  # type: ignore[arg-type]
    kernel.texts["nft"], kernel.owned = EMPTY, True
    result = snapshot.put_back(kernel, taken)  # type: ignore[arg-type]
    assert result.done
    assert TABLE in result.words and "Operation not permitted" in result.words
    assert snapshot.stands_in(kernel)  # type: ignore[arg-type]
    snapshot.take_away(kernel)  # type: ignore[arg-type]
    assert not snapshot.stands_in(kernel)  # type: ignore[arg-type]


def test_a_table_that_drops_everything_during_a_reload_does_not_stay() -> None:
    kernel = Kernel(nft=FIREWALLD)
    taken = snapshot.take(kernel)  # type: ignore[arg-type]
    kernel.texts["nft"] = EMPTY + EMPTY.replace("firewalld", "firewalld_policy_drop")
    assert snapshot.put_back(kernel, taken).done  # type: ignore[arg-type]
    assert "firewalld_policy_drop" not in kernel.texts["nft"]


def test_rules_that_nft_does_not_read_are_left_out_and_told() -> None:
    kernel = Kernel(nft=FIREWALLD)
    taken = snapshot.take(kernel)  # type: ignore[arg-type]
    kernel.texts["nft"], kernel.unread = EMPTY, ("log prefix",)
    result = snapshot.put_back(kernel, taken)  # type: ignore[arg-type]
    assert not result.done
    assert "without 1 rules" in result.words
    assert "ip saddr @geo drop" in kernel.texts["nft"]


@pytest.mark.parametrize("word", ["table inet", "type ipv4_addr", "chain filter_INPUT", "203.0.113.7"])
def test_what_holds_a_table_together_is_not_left_out(word: str) -> None:
    kernel = Kernel(nft=FIREWALLD)
    taken = snapshot.take(kernel)  # type: ignore[arg-type]
    kernel.texts["nft"], kernel.unread = EMPTY, (word,)
    result = snapshot.put_back(kernel, taken)  # type: ignore[arg-type]
    assert not result.done
    assert kernel.fed == []


def test_nothing_put_back_is_no_success() -> None:
    kernel = Kernel(nft=FIREWALLD, ip=IPTABLES)
    for taken in ({}, {"nft": "garbage"}, {"nft": FIREWALLD[:-4]}):
        kernel.texts["nft"] = EMPTY
        kernel.texts["ip"] = ""
        result = snapshot.put_back(kernel, taken)  # type: ignore[arg-type]
        assert not result.done, taken


def test_one_program_that_fails_does_not_keep_the_others_from_it() -> None:
    kernel = Kernel(nft=FIREWALLD, ip=IPTABLES, ipset="create x hash:net\nadd x 10.0.0.0/8\n")
    taken = snapshot.take(kernel)  # type: ignore[arg-type]
    run = kernel.run

    def broken(name: str, *arguments: str, **options: Any) -> str:
        if name == "ipset":
            raise RuntimeError("no such thing")
        return run(name, *arguments, **options)

    kernel.run = broken  # type: ignore[method-assign]
    kernel.texts.update(nft=EMPTY, ip="")
    assert "no such thing" in snapshot.put_back(kernel, taken).words  # type: ignore[arg-type]
    assert "@geo drop" in kernel.texts["nft"]
    assert "198.51.100.7" in kernel.texts["ip"]


def test_iptables_come_back_whole_where_nobody_has_added_any() -> None:
    kernel = Kernel(ip=IPTABLES)
    taken = snapshot.take(kernel)  # type: ignore[arg-type]
    kernel.texts["ip"] = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 198.51.100.8/32 -j DROP\nCOMMIT\n"
    assert snapshot.put_back(kernel, taken).done  # type: ignore[arg-type]
    assert kernel.fed == [("iptables-restore", IPTABLES)]


def test_what_others_have_added_to_iptables_stays() -> None:
    kernel = Kernel(ip=IPTABLES)
    taken = snapshot.take(kernel)  # type: ignore[arg-type]
    kernel.texts["ip"] = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i docker0 -j ACCEPT\nCOMMIT\n"
    assert snapshot.put_back(kernel, taken).done  # type: ignore[arg-type]
    assert "docker0" in kernel.texts["ip"]
    assert "docker0" not in kernel.fed[0][1]


def test_sets_are_filled_before_the_rules_that_name_them() -> None:
    kernel = Kernel(ip=IPTABLES, ipset="create x hash:net\nadd x 10.0.0.0/8\n")
    taken = snapshot.take(kernel)  # type: ignore[arg-type]
    kernel.texts.update(ip="", ipset="create x hash:net\n")
    snapshot.put_back(kernel, taken)  # type: ignore[arg-type]
    assert kernel.fed == [
        ("ipset", "create x hash:net\nflush x\nadd x 10.0.0.0/8\n"),
        ("iptables-restore", IPTABLES),
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({}, False),
        ({"nft": EMPTY}, False),
        ({"nft": FIREWALLD}, True),
        ({"nft": FIREWALLD.replace("hook input", "hook forward")}, False),
        ({"nft": FIREWALLD.replace("drop", "accept").replace("reject", "accept")}, False),
        ({"ip": IPTABLES}, True),
        ({"ip": "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"}, False),
        ({"ip6": "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"}, True),
    ],
)
def test_whether_anything_is_filtered(texts: dict[str, str], expected: bool) -> None:
    assert snapshot.filters(texts) == expected


def test_a_changed_rule_is_a_difference() -> None:
    texts = {"nft": FIREWALLD, "ip": IPTABLES}
    assert snapshot.differences(texts, texts) == []
    assert snapshot.differences(texts, {**texts, "nft": FIREWALLD.replace("@geo drop", "@geo accept")})
    assert snapshot.differences(texts, {**texts, "nft": FIREWALLD.replace(" 203.0.113.7", " 203.0.113.8")})
    assert snapshot.differences(texts, {"nft": FIREWALLD}) == ["iptables lacks 2 rules"]
    assert (
        snapshot.differences(texts, {**texts, "nft": FIREWALLD.replace("table inet firewalld", f"table inet {TABLE}")})
        == []
    )


@pytest.mark.parametrize("text", [FIREWALLD, OWNED])
def test_cover_holds_beside_what_runs(tmp_path: Path, text: str) -> None:
    folder = str(tmp_path)
    kernel: Any = Kernel(nft="table inet firewalld {\n\tchain filter_INPUT {\n\t}\n}\n" + FOREIGN)
    assert not snapshot.cover(kernel, folder, "a"), "nothing is saved"
    snapshot.save(folder, "a", {"nft": text + FOREIGN})
    kernel.owned = text == OWNED
    assert snapshot.cover(kernel, folder, "a")
    assert {table.name for table in split(kernel.texts["nft"])} == {"firewalld", "filter", TABLE}
    (ours,) = [table for table in split(kernel.texts["nft"]) if table.name == TABLE]
    assert "ip saddr @geo drop" in "\n".join(ours.lines)
    assert "owner" not in "\n".join(ours.lines)
    assert snapshot.cover(kernel, folder, "a"), "once more changes nothing"
    snapshot.take_away(kernel)
    assert TABLE not in kernel.texts["nft"]


def test_cover_never_raises(tmp_path: Path) -> None:
    snapshot.save(str(tmp_path), "a", {"nft": FIREWALLD})
    broken: Any = Kernel()
    broken.run = lambda *_arguments, **_options: 1 / 0
    assert not snapshot.cover(broken, str(tmp_path), "a")


def test_a_snapshot_is_of_its_boot(tmp_path: Path) -> None:
    folder = str(tmp_path / "state")
    assert snapshot.load(folder, "a") is None
    (tmp_path / "state").mkdir()
    snapshot.save(folder, "a", {"nft": FIREWALLD})
    assert snapshot.load(folder, "a") == {"nft": FIREWALLD}
    assert snapshot.load(folder, "b") is None
    assert (tmp_path / "state" / "snapshot.json").stat().st_mode & 0o777 == 0o600
    snapshot.forget(folder)
    assert snapshot.load(folder, "a") is None
    snapshot.forget(folder)


@given(
    st.one_of(st.binary(max_size=60), st.sampled_from([b"[]", b"{}", b'{"boot": "a", "texts": []}', b'{"boot": "a"}']))
)
def test_a_damaged_one_is_none(content: bytes) -> None:

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "snapshot.json").write_bytes(content)
        Path(folder, "on_snapshot.json").write_bytes(content)
        assert snapshot.load(folder, "a") is None
        assert snapshot.marked(folder, "b") == ""


def test_a_host_on_a_snapshot_says_so_until_it_is_back(tmp_path: Path) -> None:
    assert snapshot.marked(str(tmp_path), "a") == ""
    snapshot.mark(str(tmp_path), "a", "geo.xml")
    assert "geo.xml" in snapshot.marked(str(tmp_path), "a")
    assert snapshot.marked(str(tmp_path), "b") == ""
    assert json.loads((tmp_path / "on_snapshot.json").read_text())["boot"] == "a"
    snapshot.forget(str(tmp_path))
    assert snapshot.marked(str(tmp_path), "a") == ""


LINE = st.sampled_from(
    [*BODY.splitlines(), "}", "table inet firewalld {", "# comment", "\tflags owner", "table ip6 x {"]
)


@given(st.lists(LINE, max_size=30))
def test_no_text_breaks_the_last_line_of_defense(lines: list[str]) -> None:
    kernel = Kernel(nft=EMPTY)
    snapshot.put_back(kernel, {"nft": "\n".join(lines), "ip": "\n".join(lines), "ipset": "\n".join(lines)})  # type: ignore[arg-type]


def test_what_was_kept_is_what_is_fallen_back_on(tmp_path: Path) -> None:
    kernel, folder = Kernel(nft=FIREWALLD), str(tmp_path)
    assert snapshot.fall_back(kernel, folder, "a", "why") is None  # type: ignore[arg-type]
    assert snapshot.keep(kernel, folder, "a")  # type: ignore[arg-type]
    kernel.texts["nft"] = EMPTY
    assert snapshot.fall_back(kernel, folder, "another boot", "why") is None  # type: ignore[arg-type]
    for _twice in range(2):
        result = snapshot.fall_back(kernel, folder, "a", "geo.xml cannot be loaded")  # type: ignore[arg-type]
        assert result is not None and result.done
    assert "geo.xml cannot be loaded" in snapshot.marked(folder, "a")
    assert "@geo drop" in kernel.texts["nft"]


def test_a_snapshot_that_does_not_hold_is_not_what_the_host_runs_on(tmp_path: Path) -> None:
    kernel, folder = Kernel(nft=FIREWALLD), str(tmp_path)
    snapshot.keep(kernel, folder, "a")  # type: ignore[arg-type]
    kernel.texts["nft"], kernel.unread = EMPTY, ("chain",)
    result = snapshot.fall_back(kernel, folder, "a", "why")  # type: ignore[arg-type]
    assert result is not None and not result.done
    assert snapshot.marked(folder, "a") == ""


def test_a_disk_that_is_full_keeps_no_run_from_its_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not snapshot.keep(Kernel(nft=FIREWALLD), str(tmp_path / "file" / "state"), "a")  # type: ignore[arg-type]
