# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTML: one file that needs nothing else, for people with and without a mouse. No text can break out of it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re

from pathlib import Path
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._pages import render
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.marks import MARKS
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._pages.pages import Node, made, result_text, tree
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._pages.samples import (
    NASTY,
    WRONG,
    deployment,
    hostile_page,
    whole_page,
)

TEMPLATES = Path(render.__file__).parent / "templates"


@pytest.fixture(name="plan", scope="module")
def fixture_plan() -> Plan:
    return deployment()


@pytest.fixture(name="text", scope="module")
def fixture_text(plan: Plan) -> str:
    return render.html(whole_page(plan))


@pytest.fixture(name="root", scope="module")
def fixture_root(text: str) -> Node:
    return tree(text)


def test_nothing_is_loaded_from_anywhere(root: Node) -> None:
    for node in root.below():
        assert node.tag not in {"link", "img", "iframe", "object", "embed", "base", "audio", "video", "use", "image"}
        for name, value in node.attributes.items():
            assert name not in {"src", "srcset", "action", "formaction", "style", "ping", "background"}
            assert not name.startswith("on"), f"{node.tag} {name}"
            if name in {"href", "xlink:href"}:
                assert value.startswith("#"), value
    style = root.one("style").text
    assert "url(" not in style and "@import" not in style
    assert not re.search(
        r"\b(fetch|XMLHttpRequest|WebSocket|import|eval|innerHTML|document\.write)\b", root.one("script").text
    )


def test_the_policy_allows_the_one_script_and_the_one_style(root: Node) -> None:
    policy = root.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert parts == {
        "default-src": "'none'",
        "script-src": digest(root.one("script").text),
        "style-src": digest(root.one("style").text),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert root.one("script").attributes == root.one("style").attributes == {}


def test_the_policy_stands_before_what_it_is_about(text: str) -> None:
    assert text.startswith("<!DOCTYPE html>\n")
    assert text.index("Content-Security-Policy") < text.index("<style>") < text.index("<script>")


def test_language_skip_link_and_landmarks(root: Node) -> None:
    assert root.one("html").attributes == {"lang": "en"}
    skip = root.one("a", class_="skip")
    assert root.one("body").all()[0] is skip
    assert root.one("main").attributes["id"] == skip.attributes["href"][1:]
    assert len(root.all("h1")) == 1 and root.one("nav").attributes["aria-label"]
    levels = [int(node.tag[1]) for node in root.below() if re.fullmatch("h[1-6]", node.tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_id_is_there_once_and_every_reference_leads_to_one(root: Node) -> None:
    ids = [node.attributes["id"] for node in root.below() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    for node in root.below():
        for name in ("aria-labelledby", "for"):
            assert set(node.attributes.get(name, "").split()) <= set(ids)
        if node.tag == "a":
            assert node.attributes["href"][1:] in ids
    assert [link.attributes["href"][1:] for link in root.one("nav").all("a")] == [
        node.attributes["id"] for node in root.all("h2")
    ]


def test_every_table_has_a_caption_heads_and_a_region(root: Node) -> None:
    tables = root.all("table")
    assert len(tables) >= 8
    for table in tables:
        caption = table.one("caption")
        assert table.all()[0] is caption and caption.words
        heads = table.all("th")
        assert heads and {head.attributes["scope"] for head in heads} <= {"col", "row"}
        width = len(table.one("thead").all("th"))
        for row in table.one("tbody").all("tr"):
            cells = [child for child in row.children if isinstance(child, Node)]
            assert len(cells) == width
            assert (cells[0].tag, cells[0].attributes["scope"]) == ("th", "row")
    regions = [node for node in root.all("div", role="region") if node.all("table")]
    assert len(regions) == len(tables)
    for region in regions:
        assert region.attributes["tabindex"] == "0"
        assert region.attributes["aria-labelledby"] == region.one("caption").attributes["id"]


def test_sort_buttons_are_in_heads_that_say_the_order(root: Node) -> None:
    buttons = root.all("button", class_="sort")
    heads = [node for node in root.all("th") if "aria-sort" in node.attributes]
    assert len(buttons) == len(heads) > 20
    assert {head.attributes["aria-sort"] for head in heads} == {"none", "ascending"}
    # Without the script, they do nothing, and nobody gets to them.
    assert all("disabled" in button.attributes for button in buttons)
    assert [
        head.one("button").words for head in root.one("table", id="flow-rows").all("th", aria_sort="ascending")
    ] == ["To"]


def test_the_filters_have_labels_and_the_count_is_a_status(root: Node) -> None:
    form = root.one("form")
    assert "hidden" in form.attributes
    fields = [*form.all("input"), *form.all("select")]
    assert [one.attributes["id"] for one in fields] == ["search", "from", "to", "protocol", "verdict"]
    assert {label.attributes["for"] for label in form.all("label")} == {one.attributes["id"] for one in fields}
    rows = root.one("table", id="flow-rows").one("tbody").all("tr")
    flows = sum(int(row.attributes["data-flows"]) for row in rows)
    assert root.one("p", id="shown").attributes["role"] == "status"
    assert root.one("p", id="shown").words == f"{len(rows)} rows, {flows} flows"


def test_all_is_there_without_scripts(root: Node, plan: Plan) -> None:
    rows = root.one("table", id="flow-rows").one("tbody").all("tr")
    assert len(rows) == sum(len(host.inbound) for host in plan.hosts.values())
    assert not [node for node in root.below() if "hidden" in node.attributes and node.tag != "form"]
    (listed,) = [row for row in rows if row.one("th").words == "con1" and row.all("td")[0].words == "tcp 22"]
    link = listed.all("td")[2].one("a")
    names = root.one("div", id=link.attributes["href"][1:]).one("dd").words
    assert set(plan.hosts) - {"con1"} <= set(names.split(", "))


def test_a_verdict_has_a_shape_and_a_word(root: Node) -> None:
    (cell,) = [link for link in root.one("table", class_="matrix").all("a") if link.words.endswith("network")]
    shape = cell.one("span", aria_hidden="true")
    assert shape.words == "▼" and cell.words.split(" ", 1)[1] == "▼ network"
    marks = MARKS.values()
    assert len({mark.shape for mark in marks}) == len({mark.word for mark in marks}) == len(MARKS) == 7


def test_recorded_traffic_and_differences_are_shown(root: Node) -> None:
    caption = root.one("caption", id="learned-caption")
    (table,) = [one for one in root.all("table") if caption in one.all()]
    assert [cell.words for cell in table.one("tbody").one("tr").all() if cell.tag in ("th", "td")] == [
        "con1", "10.9.9.9", "tcp 25", "not counted", "not known", "a; b",
    ]  # fmt: skip
    record = root.one("section", aria_labelledby="learned")
    assert "con1: recorded since 2026-11-25T05:10:00Z; 1 would be cut off; 0 planned and seen; 1 planned and never" in (
        record.words
    )
    assert record.one("pre").text == 'jsa_networks: {"admin": ["10.9.0.0/16"]}'
    changes = root.one("section", aria_labelledby="differences").one("tbody")
    assert [row.words for row in changes.all("tr")] == ["+ addedtcp 1 from ec1"]
    assert "and 3 more" in root.one("section", aria_labelledby="differences").words


def test_the_same_plan_is_the_same_page(plan: Plan, text: str) -> None:
    check = result_text(plan, WRONG)
    assert render.html(made(plan, check)) == render.html(made(deployment(), check)) != text


def hostile_tree(text: str) -> Node:
    return tree(render.html(hostile_page(text)))


def skeleton(root: Node) -> list[tuple[str, tuple[str, ...]]]:
    """Elements and the names of their attributes: what no text may change."""
    return [(node.tag, tuple(node.attributes)) for node in root.below()]


PLAIN = skeleton(hostile_tree("x"))


def test_no_text_of_a_host_becomes_markup() -> None:
    root = hostile_tree(NASTY)
    assert skeleton(root) == PLAIN
    shown = root.text.replace(root.one("script").text, "")
    assert shown.count("<script>alert(1)</script>") > 20
    assert "{{ 7*7 }}{% raw %}&amp;" in shown
    # A terminal's sequence, and a character that turns the text around.
    assert "\x1b" not in shown and "\u202e" not in shown and "\\u202e" in shown
    assert [node.text for node in root.one("head").all("title")] == [
        NASTY.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    ]


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(lambda text: f"{text}<{text[::-1]}")
    | st.sampled_from(["</title>", "</style>", "<!--", "]]>", "'\"`=", "javascript:alert(1)", "&lt;", "\x00", "\r\n"])
)
def test_no_text_at_all_becomes_markup(text: str) -> None:
    assert skeleton(hostile_tree(text)) == PLAIN


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.j2")), ids=lambda path: path.name)
def test_attributes_are_quoted_and_only_the_assets_are_not_escaped(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"=\{\{", text) == []
    assert sorted(set(re.findall(r"\{\{ (\w+) \| safe \}\}", text))) == (
        ["script", "style"] if path.name == "page.html.j2" else []
    )
    assert text.count("safe") == (2 if path.name == "page.html.j2" else 0)


def test_the_assets_cannot_end_their_elements() -> None:
    for name in ("page.js", "page.css"):
        assert "</" not in (TEMPLATES / name).read_text()


def test_a_page_stays_small(plan: Plan) -> None:
    """A page for a mail: it grows with the rows, by less than a kilobyte each."""
    assert len(render.html(made(plan, result_text(plan, {}))).encode()) < 250_000


def test_a_document_that_is_no_html() -> None:
    """The parser of these tests would find what is wrong."""
    for wrong in ("<p><b></p></b>", "<p>", "<p a='1' a='2'></p>", "<p><!-- x --></p>"):
        with pytest.raises(AssertionError):
            tree(wrong)


def test_what_is_undefined_is_an_error() -> None:
    with pytest.raises(Exception, match="has no attribute"):
        render.html(_Nothing())  # type: ignore[arg-type]


class _Nothing:
    title: Any = "x"
