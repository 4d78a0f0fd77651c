# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rich rules of the site as values, from firewalld's answers and from its files. Runs on Python 3.6.

Only what tells whom and what a rule denies or accepts is taken out of it. Anything that is not known stays in the text.
"""

import shlex

from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.parse import Element

_ACTIONS = ("accept", "reject", "drop", "mark")
_LOGGING = ("log", "nflog", "audit")
_ELEMENTS = (
    "forward-port",
    "icmp-block",
    "icmp-type",
    "masquerade",
    "port",
    "protocol",
    "service",
    "source-port",
    "tcp-mss-clamp",
)
#: In the order in which firewalld writes them.
_PARTS = ("source", "destination") + _ELEMENTS + _LOGGING + _ACTIONS
_TRUE = ("yes", "true")


class Rich(NamedTuple):
    """A rich rule."""

    text: str
    priority: int
    family: Optional[str]
    #: ("address" | "mac" | "ipset", value), None: from anyone.
    source: Optional[Tuple[str, str]]
    inverted: bool
    #: It names where packets go.
    destination: bool
    #: "port", "service", "protocol", ..., or empty.
    element: str
    values: Dict[str, str]
    #: "accept", "reject", "drop", "mark", or empty.
    action: str
    #: Its action is for some of the packets only.
    limited: bool


def parse_rich(text):  # type: (str) -> Optional[Rich]
    """The rule that firewalld shows as *text*; None for what cannot be read as one."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    parts = {}  # type: Dict[str, Dict[str, str]]
    limited = []  # type: List[str]
    current = last = "rule"
    if words[:1] != ["rule"]:
        return None
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            parts.setdefault(current, {})[name] = value
        elif word in ("not", "NOT"):
            parts.setdefault(current, {})["invert"] = "true"
        elif word == "limit":
            limited.append(last)
            current = "limit"
        else:
            current = last = word
            parts.setdefault(word, {})
    return _rule_of(text, parts, any(one in _ACTIONS for one in limited))


def _rule_of(text, parts, limited):  # type: (str, Dict[str, Dict[str, str]], bool) -> Optional[Rich]
    try:
        priority = int(parts.get("rule", {}).get("priority", "0"))
    except ValueError:
        return None
    source = parts.get("source")
    kinds = [kind for kind in ("address", "mac", "ipset") if kind in (source or {})]
    if source is not None and not kinds:
        return None
    elements = [name for name in _ELEMENTS if name in parts]
    actions = [name for name in _ACTIONS if name in parts]
    return Rich(
        text=text,
        priority=priority,
        family=parts.get("rule", {}).get("family"),
        source=(kinds[0], source[kinds[0]]) if source else None,
        inverted=bool(source) and str((source or {}).get("invert", "")).lower() in _TRUE,
        destination="destination" in parts,
        element=elements[0] if elements else "",
        values=parts[elements[0]] if elements else {},
        action=actions[0] if actions else "",
        limited=limited,
    )


def rich_text(element):  # type: (Element) -> str
    """A rule of one of firewalld's files as firewalld would show it."""
    words = ["rule"] + _attributes(element, ("priority", "family"))
    children = {child.tag: child for child in element.children}
    for tag in _PARTS:
        child = children.get(tag)
        if child is None:
            continue
        words.append(tag)
        if child.attributes.get("invert", "").lower() in _TRUE:
            words.append("NOT")
        words += _attributes(child, [name for name in child.attributes if name not in ("invert", "family")])
        for inner in child.children:
            if inner.tag == "limit":
                words += ["limit"] + _attributes(inner, list(inner.attributes))
    return " ".join(words)


def _attributes(element, names):  # type: (Element, Iterable[str]) -> List[str]
    return [
        '%s="%s"' % (name, element.attributes[name].replace('"', "")) for name in names if name in element.attributes
    ]
