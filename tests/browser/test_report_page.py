# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of jsa.ports.report in a real browser: what a reader sees, clicks, types, and prints."""

from __future__ import annotations

import re

from pathlib import Path
from typing import Any

import pytest

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Page
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.render import html
from ansible_collections.jsa.ports.tests.browser.conftest import NARROW, WIDE, Opened, Reader
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._pages.pages import made
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._pages.samples import (
    NASTY,
    deployment,
    hostile_page,
    whole_page,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS, planner

ROWS = "#flow-rows tbody tr"
SHOWN = f"{ROWS} >> visible=true"
MANNERS: dict[str, dict[str, Any]] = {
    "light and wide": {"viewport": WIDE, "color_scheme": "light"},
    "light and narrow": {"viewport": NARROW, "color_scheme": "light"},
    "dark and wide": {"viewport": WIDE, "color_scheme": "dark"},
    "dark and narrow": {"viewport": NARROW, "color_scheme": "dark"},
}


def large() -> Page:
    """500 hosts, so the matrix is by role."""
    groups = {"con1": "jsa_console"}
    groups.update({f"ep{number}": "jsa_event_processors" for number in range(100)})
    groups.update({f"ec{number}": "jsa_event_collectors" for number in range(399)})
    networks = {**NO_NETWORKS, "admin": ["192.0.2.0/28"], "log_sources": "any"}
    return made(planner(groups, jsa_networks=networks).plan())


@pytest.fixture(name="files", scope="module")
def fixture_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    pages = {"whole": whole_page(deployment()), "hostile": hostile_page(NASTY), "large": large()}
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(html(page))
    return {name: folder / f"{name}.html" for name in pages}


@pytest.fixture(name="whole")
def fixture_whole(reader: Reader, files: dict[str, Path]) -> Opened:
    return reader.open(files["whole"])


def status(opened: Opened) -> str:
    return opened.page.locator("#shown").inner_text()


@pytest.mark.parametrize("name", ["whole", "hostile", "large"])
def test_it_asks_for_nothing_and_the_browser_has_no_complaint(
    reader: Reader, files: dict[str, Path], name: str
) -> None:
    opened = reader.open(files[name])
    assert opened.page.locator("h1").inner_text()
    assert opened.requests == [files[name].as_uri()]
    assert opened.complaints == []


def test_a_script_that_is_not_the_page_s_own_does_not_run(reader: Reader, files: dict[str, Path]) -> None:
    """The policy is the second line of defence: it holds even if a text got through."""
    broken = files["whole"].with_name("broken.html")
    text = files["whole"].read_text()
    broken.write_text(text.replace("</h1>", "</h1><script>document.title = 'x'</script><img src=y onerror=alert(1)>"))
    opened = reader.open(broken)
    assert opened.page.title() != "x"
    # The browser tells of the image that it was about to fetch, and then stops itself.
    assert opened.fetched == [broken.as_uri()]
    assert len(opened.complaints) >= 2 and all("Content Security Policy" in text for text in opened.complaints)


@pytest.mark.parametrize("name", ["whole", "hostile"])
@pytest.mark.parametrize("manner", MANNERS)
def test_axe_finds_no_violation(reader: Reader, files: dict[str, Path], name: str, manner: str) -> None:
    # The page's policy permits no script but its own: only this test gets around it.
    opened = reader.open(files[name], bypass_csp=True, **MANNERS[manner])
    opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(opened.page, options=options)
    assert len(found.response["passes"]) > 15
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []


@pytest.mark.parametrize("manner", MANNERS)
def test_the_page_itself_is_never_wider_than_the_window(reader: Reader, files: dict[str, Path], manner: str) -> None:
    """WCAG 2.2, 1.4.10: only tables and the picture may need two directions, and they scroll by themselves."""
    opened = reader.open(files["whole"], **MANNERS[manner])
    assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_without_scripts_all_is_shown(reader: Reader, files: dict[str, Path]) -> None:
    with_scripts = reader.open(files["whole"])
    opened = reader.open(files["whole"], java_script_enabled=False)
    assert opened.page.locator(ROWS).count() == opened.shown(ROWS) == with_scripts.page.locator(ROWS).count() > 20
    assert not opened.page.locator("#filters").is_visible()


def test_search(whole: Opened) -> None:
    everything = whole.page.locator(ROWS).count()
    whole.page.get_by_label("Search").fill("con1 SSH")
    rows = whole.page.locator(SHOWN).all_inner_texts()
    assert 0 < len(rows) < everything
    assert all("con1" in row and "ssh" in row.lower() for row in rows)
    assert status(whole).startswith(f"{len(rows)} of {everything} rows, ")
    whole.page.get_by_label("Search").fill("no such thing")
    assert whole.shown(ROWS) == 0 and status(whole) == f"0 of {everything} rows, 0 flows"
    whole.page.get_by_role("button", name="Show all").click()
    # The page follows when the browser has emptied the form.
    expect(whole.page.locator("#shown")).to_have_text(re.compile(f"^{everything} rows, "))
    assert whole.shown(ROWS) == everything


def test_filters(whole: Opened) -> None:
    whole.page.get_by_label("Verdict").select_option("network")
    rows = whole.page.locator(SHOWN).all_inner_texts()
    assert len(rows) == 1 and rows[0].startswith("con1") and "tcp 443" in rows[0]
    # The tables of the check follow.
    verdicts = whole.page.locator(".verdicts tbody tr >> visible=true")
    assert all("network" in text.lower() for text in verdicts.all_inner_texts()) and verdicts.count()
    whole.page.get_by_label("Verdict").select_option("")
    whole.page.get_by_label("Protocol").select_option("udp")
    rows = whole.page.locator(SHOWN).all_inner_texts()
    assert rows and all("udp" in row for row in rows)


def test_sorting(whole: Opened) -> None:
    button = whole.page.locator("#flow-rows").get_by_role("button", name="Port")
    head = button.locator("..")
    ports = f"{ROWS} td:nth-child(2)"

    def keys() -> list[str]:
        found: list[str] = whole.page.eval_on_selector_all(ports, "all => all.map(one => one.dataset.sort)")
        return found

    before = keys()
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    ascending = keys()
    assert sorted(before) == sorted(ascending) and before != ascending
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    texts = whole.page.locator(ports).all_inner_texts()
    first, last = texts[0], texts[-1]
    assert int(first.split()[1].split("-")[0]) > int(last.split()[1].split("-")[0])


def test_a_cell_of_the_matrix_shows_its_flows(whole: Opened) -> None:
    cells = whole.page.locator("#matrix ~ * .matrix a")
    assert cells.count() > 10
    for place in range(cells.count()):
        cell = cells.nth(place)
        flows = cell.locator("b").inner_text()
        cell.click()
        expect(whole.page.locator("#flows")).to_be_focused()
        expect(whole.page.locator("#shown")).to_have_text(re.compile(f" rows, {flows} flows$"))
        listener = cell.get_attribute("data-to")
        shown = whole.page.locator(SHOWN).evaluate_all("all => all.map(one => one.dataset.to)")
        assert shown and set(shown) == {listener}


def test_the_keyboard_is_enough(whole: Opened) -> None:
    whole.page.keyboard.press("Tab")
    skip = whole.page.locator("a.skip")
    assert skip.evaluate("one => one === document.activeElement") and skip.is_visible()
    whole.page.keyboard.press("Enter")
    assert whole.page.evaluate("document.activeElement.id") == "main"
    cell = whole.page.locator(".matrix a").first
    for _press in range(40):
        whole.page.keyboard.press("Tab")
        if cell.evaluate("one => one === document.activeElement"):
            break
    assert cell.evaluate("one => getComputedStyle(one).outlineStyle") != "none"
    whole.page.keyboard.press("Enter")
    expect(whole.page.locator("#flows")).to_be_focused()
    assert " of " in status(whole)


def test_a_print_has_all_rows(whole: Opened) -> None:
    everything = whole.page.locator(ROWS).count()
    whole.page.get_by_label("Search").fill("SSH")
    assert whole.shown(ROWS) < everything
    whole.page.emulate_media(media="print")
    assert whole.shown(ROWS) == everything
    assert not whole.page.locator("#filters").is_visible()
    assert whole.page.pdf()[:5] == b"%PDF-"


def test_five_hundred_hosts(reader: Reader, files: dict[str, Path]) -> None:
    opened = reader.open(files["large"])
    # Three roles and two networks instead of five hundred rows.
    assert opened.page.locator("#grid-caption ~ tbody tr").count() == 5
    everything = opened.page.locator(ROWS).count()
    assert everything > 2000
    opened.page.get_by_label("Search").fill("ep77")
    assert 0 < opened.shown(ROWS) < everything
    opened.page.get_by_role("button", name="Show all").click()
    cell = opened.page.locator("#grid-caption ~ tbody a").last
    flows = cell.locator("b").inner_text()
    cell.click()
    expect(opened.page.locator("#shown")).to_have_text(re.compile(f" rows, {flows} flows$"))
