# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page as a browser takes it: a tree, read with Python's own parser, which knows nothing of the template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._check.result import parse_result
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.build import Sources, page
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Page
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.render import html
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.check_table import RESULT

_VOID = {"meta", "input", "link", "img", "br", "hr"}


@dataclass
class Node:
    """An element."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    def all(self, tag: str | None = None, **attributes: str) -> list[Node]:
        """Every element below this one with the tag and the attributes; ``_`` in their names stands for ``-``."""
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [node for node in self.below() if tag in (None, node.tag) and wanted.items() <= node.attributes.items()]

    def one(self, tag: str | None = None, **attributes: str) -> Node:
        (found,) = self.all(tag, **attributes)
        return found

    def below(self) -> Iterator[Node]:
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.below()

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        assert len(names) == len(set(names)), f"an attribute stands twice: {tag} {names}"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> ends <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def done(self) -> Node:
        self.close()
        assert self._open == [self.root], f"not closed: {[node.tag for node in self._open]}"
        return self.root


def tree(text: str) -> Node:
    """*text* as elements. Every one has its end tag."""
    parser = _Parser()
    parser.feed(text)
    return parser.done()


def result_text(plan: Plan, wrong: dict[tuple[str, str, int], tuple[str, str]], **host: Any) -> str:
    """A port_check.json: all flows between the hosts are ok, but *wrong*: (from, to, port) to verdict and reason."""
    verdicts = []
    for flow in Expectations(plan, list(plan.hosts)).wanted():
        verdict, reason = wrong.get((flow.initiator, flow.listener, flow.port or 0), ("ok", ""))
        verdicts.append(Verdict(flow, verdict, reason))
    seen = {"observed": True, "firewall_as_planned": True, "firewall_alarms": [], "firewall_difference": []}
    hosts = {name: {**seen, "openings": [], "unseen": {}, **host} for name in plan.hosts}
    return RESULT.as_json(verdicts, hosts, scope={"name": "full", "flows": len(verdicts), "left_out": 0})


def made(plan: Plan, check: str | None = None, **more: Any) -> Page:
    """The page of *plan*. *check*: the text of a port_check.json."""
    entries = more.pop("entries", load_catalog())
    checked = parse_result(check, "port_check.json") if check else None
    return page(Sources(plan=plan, entries=entries, check=checked, check_name="port_check.json", **more))


def parsed(plan: Plan, check: str | None = None, **more: Any) -> Node:
    """The same as elements."""
    return tree(html(made(plan, check, **more)))
