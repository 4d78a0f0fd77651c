# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads our XML files back, whoever wrote them last. Runs on Python 3.6.

firewalld rewrites a file when somebody changes the object with ``firewall-cmd --permanent``: attributes change their
order and comments are lost, the meaning stays readable.
"""

import re

from typing import Any, Dict, List, NamedTuple, Optional, Tuple
from xml.parsers import expat

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    DROP,
    MARK,
    REFUSE,
    REJECT,
    REJECT_TYPES,
    AddressSet,
    Policy,
    Rule,
)

_MARKED = re.compile(r"<short>\s*%s(?::[^<]*)?</short>" % re.escape(MARK))


#: Deeper than any object of firewalld.
_DEEPEST = 20


class Element(object):
    """One XML element; ``comment`` is the comment right before it."""

    def __init__(self, tag, attributes, comment):  # type: (str, Dict[str, str], str) -> None
        self.tag = tag
        self.attributes = attributes
        self.comment = comment
        self.text = ""
        self.children = []  # type: List[Element]

    def child_text(self, tag):  # type: (str) -> str
        """Text of the first child with this *tag*, empty if there is none."""
        for child in self.children:
            if child.tag == tag:
                return child.text.strip()
        return ""

    def plain(self):  # type: () -> str
        """On one line, to show what we do not understand."""
        attributes = "".join(' %s="%s"' % pair for pair in sorted(self.attributes.items()))
        inner = self.text.strip() + "".join(child.plain() for child in self.children)
        return "<%s%s>%s" % (self.tag, attributes, inner)


class ObjectFile(NamedTuple):
    """A file in one of firewalld's folders that has a name like ours."""

    path: str
    text: str
    mine: bool
    #: Policy or AddressSet; None where the file is not ours or cannot be understood.
    content: Optional[Any]
    #: Why nobody can read it, such as a link that leads nowhere.
    problem: str = ""


def is_mine(text):  # type: (str) -> bool
    """Whether the text of a file has the mark of the collection."""
    return bool(_MARKED.search(text))


def parse_xml(text):  # type: (str) -> Element
    """Raises ValueError."""
    root = Element("", {}, "")
    stack = [root]
    pending = [""]

    def entity(name, *_rest):  # type: (str, Any) -> None
        # No file of firewalld needs one, and a few lines of them can stand for gigabytes.
        raise ValueError("an entity: %s" % name)

    def start(tag, attributes):  # type: (str, Dict[str, str]) -> None
        if len(stack) > _DEEPEST:
            raise ValueError("elements that are nested too deeply")
        element = Element(tag, attributes, pending[0])
        pending[0] = ""
        stack[-1].children.append(element)
        stack.append(element)

    def end(_tag):  # type: (str) -> None
        pending[0] = ""
        stack.pop()

    def characters(data):  # type: (str) -> None
        stack[-1].text += data

    def comment(data):  # type: (str) -> None
        pending[0] = data.strip()

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.CommentHandler = comment
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(text.encode("utf-8", "surrogateescape"), True)
    except (expat.ExpatError, LookupError) as error:
        # LookupError: an encoding that Python does not know.
        raise ValueError(str(error))
    return root.children[0]


def parse_set(name, text):  # type: (str, str) -> AddressSet
    """Raises ValueError for what is no set of addresses."""
    root = parse_xml(text)
    if root.tag != "ipset" or root.attributes.get("type") != "hash:net":
        raise ValueError("no hash:net set")
    options = {
        child.attributes.get("name"): child.attributes.get("value") for child in root.children if child.tag == "option"
    }
    entries = tuple(child.text.strip() for child in root.children if child.tag == "entry")
    label = root.child_text("short").partition(":")[2].strip()
    return AddressSet(name, IPV6 if options.get("family") == "inet6" else IPV4, label, entries)


def parse_policy(name, text):  # type: (str, str) -> Policy
    """Raises ValueError for what is no policy."""
    root = parse_xml(text)
    if root.tag != "policy":
        raise ValueError("no policy")
    zones = {"ingress-zone": [], "egress-zone": []}  # type: Dict[str, List[str]]
    rules = []
    why = {}
    other = []
    for child in root.children:
        if child.tag in zones:
            zones[child.tag].append(child.attributes.get("name", ""))
        elif child.tag == "rule":
            rule = _parse_rule(child)
            if rule is None:
                other.append(child.plain())
            else:
                rules.append(rule)
                why[rule] = tuple(word.strip() for word in child.comment.split(",") if word.strip())
        elif child.tag not in ("short", "description"):
            other.append(child.plain())
    priority = root.attributes.get("priority", "-1")
    return Policy(
        name,
        ",".join(sorted(zones["ingress-zone"])),
        ",".join(sorted(zones["egress-zone"])),
        root.attributes.get("target", "CONTINUE"),
        int(priority),
        tuple(rules),
        why,
        tuple(other),
    )


def _parse_rule(element):  # type: (Element) -> Optional[Rule]
    """None for a rule that is not of the few kinds that we write."""
    children = {child.tag: child for child in element.children}
    if len(children) != len(element.children) or set(element.attributes) - {"family", "priority"}:
        return None
    if set(children) - {"source", "destination", "port", "protocol", "accept", "drop", "reject"}:
        return None
    if "source" in children and "destination" in children:
        return None
    family = element.attributes.get("family")
    action = _parse_action(element, children, family)
    matched = _parse_match(children)
    if action is None or matched is None:
        return None
    protocol, ports = matched
    ends = {"source": None, "destination": None}  # type: Dict[str, Optional[str]]
    for end in ends:
        if end not in children:
            continue
        found = children[end].attributes
        if set(found) == {"ipset"}:
            ends[end] = "@" + found["ipset"]
        elif set(found) == {"address"}:
            ends[end] = found["address"]
        else:
            return None
    return Rule(action, family, protocol, ports, ends["source"], ends["destination"])


def _parse_action(element, children, family):
    # type: (Element, Dict[str, Element], Optional[str]) -> Optional[str]
    priority = int(element.attributes.get("priority", "0"))
    actions = [children[name] for name in ("accept", "drop", "reject") if name in children]
    if len(actions) != 1 or actions[0].children:
        return None
    action = actions[0]
    if action.tag == "accept":
        return ACCEPT if priority == 0 else None
    denies = "source" in children and priority == 0 and bool(family)
    if action.tag == "drop":
        return DROP if denies else None
    if action.attributes.get("type", "") not in REJECT_TYPES.values():
        return None
    for_all = not {"source", "destination"} & set(children)
    if for_all and priority > 0 and family:
        return REFUSE
    return REJECT if denies else None


def _parse_match(children):  # type: (Dict[str, Element]) -> Optional[Tuple[str, Any]]
    if ("port" in children) == ("protocol" in children):
        return None
    if "protocol" in children:
        return children["protocol"].attributes.get("value", ""), None
    attributes = children["port"].attributes
    try:
        return attributes.get("protocol", ""), parse_ports(attributes.get("port", ""))
    except ValueError:
        return None
