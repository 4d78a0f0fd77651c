# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What aerleon writes for four firewalls, turned from a whole policy into an addition to the one that is there."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.formats.aerleon_terms import (
    NAME,
    Term,
    left_out,
    render,
    terms,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import End, Note, Output, Request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.tables import FAMILIES, Settings

#: Rules of one family, by the name of the term; in the form of the file.
_Rules = Mapping[str, list[str]]


@dataclass(frozen=True)
class _Target:
    """One language."""

    #: As aerleon calls it.
    name: str
    suffix: str
    #: The filters of some terms: options for aerleon -> terms.
    filters: Callable[[Request, list[Term], int], dict[str, list[Term]]]
    #: aerleon's text -> the rules in it.
    rules: Callable[[str], _Rules]
    #: All lines of a file. The terms that have rules, and these.
    lines: Callable[[list[Term], _Rules, int], Iterator[str]]
    notes: tuple[str, ...]

    def file(self, version: int) -> str:
        """The name of the file of one family."""
        return f"{self.name}_{FAMILIES[version]}.{self.suffix}"


def _render(target: _Target, request: Request, settings: Settings) -> Output:
    files: dict[str, str | bytes] = {}
    notes = [Note(text) for text in target.notes]
    missing: list[Term] = []
    written = 0
    for version in FAMILIES:
        wanted = terms(request, version, settings.reasons)
        rules: _Rules = {}
        if wanted:
            rules = target.rules(render(target.name, target.filters(request, wanted, version), version))
        kept = [term for term in wanted if rules.get(term.name)]
        missing += [term for term in wanted if not rules.get(term.name)]
        written += sum(term.group.flows for term in kept)
        if kept:
            files[target.file(version)] = "".join(f"{line}\n" for line in target.lines(kept, rules, version))
    notes += left_out(request, missing, target.name)
    if target is PALOALTO and request.named_zones:
        ends = [end for flow in request.flows for end in (flow.source, flow.destination)]
        unfit = sorted({end.zone for end in ends if end.zone and not _ZONE.fullmatch(end.zone)})
        notes += [
            Note(f"paloalto cannot have a zone with the name {zone!r}: its flows have the zone any") for zone in unfit
        ]
    return Output(files, written, tuple(notes))


# ciscoasa: access-list NAME extended permit ..., behind a remark with the name of the term.

_REMARK = re.compile(rf"access-list {NAME} remark (jsa-\S+)")


def _asa_filters(request: Request, wanted: list[Term], version: int) -> dict[str, list[Term]]:
    return {NAME: wanted}


def _asa_rules(text: str) -> _Rules:
    rules: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if found := _REMARK.fullmatch(line):
            name = found[1]
        elif line.startswith(f"access-list {NAME} extended "):
            rules.setdefault(name, []).append(line)
    return rules


def _asa_lines(kept: list[Term], rules: _Rules, version: int) -> Iterator[str]:
    for term in kept:
        yield f"access-list {NAME} remark {term.name} {term.comment}"
        yield from rules[term.name]


# nftables: one chain for each term.

_CHAIN = re.compile(r" *chain (jsa-\S+) \{")


def _nft_filters(request: Request, wanted: list[Term], version: int) -> dict[str, list[Term]]:
    return {f"{'inet6' if version == 6 else 'inet'} forward": wanted}


def _nft_rules(text: str) -> _Rules:
    rules: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if found := _CHAIN.fullmatch(line):
            name = found[1]
        elif line.strip() == "}":
            name = ""
        elif name and not line.lstrip().startswith("comment "):
            rules.setdefault(name, []).append(line.strip())
    return rules


def _nft_lines(kept: list[Term], rules: _Rules, version: int) -> Iterator[str]:
    yield "table inet filter {"
    yield f"    chain {NAME} {{"
    for term in kept:
        yield f"        # {term.name}: {term.comment}"
        yield from (f"        {rule}" for rule in rules[term.name])
    yield "    }"
    yield "}"


# juniper: the filters of a router, which know nothing of connections.

_TERM = re.compile(r"( *)term (jsa-\S+) \{")


def _juniper_filters(request: Request, wanted: list[Term], version: int) -> dict[str, list[Term]]:
    return {f"{NAME} {'inet6' if version == 6 else 'inet'}": wanted}


def _juniper_rules(text: str) -> _Rules:
    rules: dict[str, list[str]] = {}
    end = name = ""
    for line in text.splitlines():
        if found := _TERM.fullmatch(line):
            end, name = f"{found[1]}}}", found[2]
        elif line == end:
            end = name = ""
        elif name:
            rules.setdefault(name, []).append(line)
    return rules


def _juniper_lines(kept: list[Term], rules: _Rules, version: int) -> Iterator[str]:
    yield "firewall {"
    yield f"    family {'inet6' if version == 6 else 'inet'} {{"
    yield f"        filter {NAME} {{"
    for term in kept:
        yield f"            /* {term.comment} */"
        yield f"            term {term.name} {{"
        yield from rules[term.name]
        yield "            }"
    yield "        }"
    yield "    }"
    yield "}"


# paloalto: XML for a whole configuration, of which the rules and their services become set commands.

_ZONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}")
_PLAIN = re.compile(r"[A-Za-z0-9_.:/,-]+")
_SERVICE = "service"


def _pan_filters(request: Request, wanted: list[Term], version: int) -> dict[str, list[Term]]:
    family = "inet6" if version == 6 else "inet"
    filters: dict[str, list[Term]] = {}
    for term in wanted:
        ends = term.group.sources[0], term.group.destinations[0]
        source, destination = (_pan_zone(end) if request.named_zones else "any" for end in ends)
        options = f"from-zone {source} to-zone {destination} {family} no-addr-obj"
        filters.setdefault(options, []).append(term)
    return filters


def _pan_zone(end: End) -> str:
    return end.zone if _ZONE.fullmatch(end.zone) else "any"


def _pan_rules(text: str) -> _Rules:
    (system,) = ET.fromstring(text).iterfind("./devices/entry/vsys/entry")
    services = {
        entry.attrib["name"]: list(_set_commands(f"set service {_quoted(entry.attrib['name'])}", entry))
        for entry in system.iterfind("./service/entry")
    }
    rules = {}
    for entry in system.iterfind("./rulebase/security/rules/entry"):
        name = entry.attrib["name"]
        used = [member.text or "" for member in entry.iterfind("./service/member")]
        lines = [line for service in used for line in services.get(service, ())]
        rules[name] = [*lines, *_set_commands(f"set rulebase security rules {_quoted(name)}", entry)]
    return rules


def _set_commands(path: str, element: ET.Element) -> Iterator[str]:
    """A command for each value below *element*: what has members is a list, to which each command adds."""
    for child in element:
        if child.tag == "tag":
            continue
        if child.tag == "member":
            yield f"{path} {_quoted(child.text or '')}"
        elif len(child):
            yield from _set_commands(f"{path} {child.tag}", child)
        elif child.text:
            yield f"{path} {child.tag} {_quoted(child.text)}"


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else '"{}"'.format(text.replace('"', "?"))


def _pan_lines(kept: list[Term], rules: _Rules, version: int) -> Iterator[str]:
    # Terms on the same ports share a service.
    yield from dict.fromkeys(line for term in kept for line in rules[term.name])


ASA = _Target(
    "ciscoasa",
    "txt",
    _asa_filters,
    _asa_rules,
    _asa_lines,
    (
        f"replace {NAME} with the name of your access list. The lines come behind those that are there: if one of "
        "these denies the packets, give the new ones line numbers before it",
    ),
)
NFTABLES = _Target(
    "nftables",
    "nft",
    _nft_filters,
    _nft_rules,
    _nft_lines,
    (
        f"adds the chain {NAME} to the table inet filter and refuses nothing: add jump {NAME} to your chain with the "
        "hook forward, behind the rule that accepts established connections",
        "loading a file twice adds its rules twice",
    ),
)
JUNIPER = _Target(
    "juniper",
    "conf",
    _juniper_filters,
    _juniper_rules,
    _juniper_lines,
    (
        f"replace {NAME} with the name of your filter, and enter it with load merge. Terms come behind those that are "
        "there: if one of these discards the packets, use insert",
        "replies are not included, because the filter of a router does not know connections",
    ),
)
PALOALTO = _Target(
    "paloalto",
    "txt",
    _pan_filters,
    _pan_rules,
    _pan_lines,
    (
        "enter the commands in configuration mode. New rules come behind those that are there: if one of these denies "
        "the packets, use move",
    ),
)

TARGETS = {target.name: target for target in (PALOALTO, ASA, NFTABLES, JUNIPER)}


def files_of(name: str) -> tuple[str, ...]:
    """The names of all files of a target."""
    return tuple(TARGETS[name].file(version) for version in FAMILIES)


def renderer(name: str) -> Callable[[Request, Settings], Output]:
    """The function that writes the files of a target."""
    target = TARGETS[name]
    return lambda request, settings: _render(target, request, settings)
