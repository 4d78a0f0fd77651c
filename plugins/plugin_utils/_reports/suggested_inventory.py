# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What traffic suggests, as an inventory to paste, or to use beside one's own with a second ``-i``."""

from __future__ import annotations

import json
import textwrap

from collections.abc import Iterator, Sequence

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import (
    Counted,
    ExtraFlow,
    NetworkSeen,
    Suggestions,
    networks_value,
)

_WIDTH = 116

_NOTHING = "# The inventory has everything that was seen."

#: Networks of one name whose addresses are only counted: a comment is there to be read.
_SHOWN = 20


def suggested_inventory(suggestions: Suggestions) -> str:
    """YAML in the form of an inventory, with what each value rests on as comments. It ends with a line end."""
    lines = [line for note in suggestions.notes for line in _comment(note, "")]
    everyone = [*_networks(suggestions), *_flows(suggestions.jsa_extra_flows)]
    hosts = [*_hosts(suggestions)]
    if not everyone and not hosts:
        return "\n".join([*lines, _NOTHING]) + "\n"
    lines.append("all:")
    if everyone:
        lines += ["  vars:", *(f"    {line}" for line in everyone)]
    if hosts:
        lines += ["  hosts:", *(f"    {line}" for line in hosts)]
    return "\n".join(lines) + "\n"


def _networks(suggestions: Suggestions) -> Iterator[str]:
    if not suggestions.jsa_networks:
        return
    yield "jsa_networks:"
    for name, value in suggestions.jsa_networks.items():
        seen = suggestions.seen.get(name)
        if seen is not None and not seen.is_set:
            yield f"  {name}:  # seen on {', '.join(seen.ports)}"
            yield from (f"    - {_quoted(one.cidr)}{_numbers(one)}" for one in seen.seen)
            continue
        written = networks_value(value)
        if isinstance(written, str):
            yield f"  {name}: {written}"
        else:
            yield f"  {name}:"
            yield from (f"    - {_quoted(cidr)}" for cidr in written)
        if seen is not None:
            yield from _besides(seen)


def _besides(seen: NetworkSeen) -> Iterator[str]:
    """Of a network that is set: who else was seen on its ports. Whoever tries a port must not get in by that alone."""
    if not seen.outside:
        return
    yield f"    # not in it, and seen on {', '.join(seen.ports)}; add what belongs there:"
    yield from (f"    # - {_quoted(one.cidr)}{_numbers(one)}" for one in seen.outside[:_SHOWN])
    if len(seen.outside) > _SHOWN:
        yield f"    # and {len(seen.outside) - _SHOWN} more, all of them in learned.json"


def _numbers(one: Counted) -> str:
    counted = "" if one.connections is None else f", {_plural(one.connections, 'connection')}"
    return f"  # {_plural(one.peers, 'address', 'addresses')}{counted}"


def _flows(flows: Sequence[ExtraFlow]) -> Iterator[str]:
    if not flows:
        return
    yield "# beside those that you have:"
    yield "jsa_extra_flows:"
    for flow in flows:
        yield f"  - id: {flow.id}"
        yield f"    service: {_quoted(flow.service)}"
        yield f"    protocols: [{', '.join(flow.protocols)}]"
        yield f"    ports: [{', '.join(map(_quoted, flow.ports))}]"
        yield "    flows:"
        for side in flow.flows:
            yield f"      - listeners: [{', '.join(map(_quoted, side.listeners))}]"
            yield f"        initiators: [{', '.join(map(_quoted, side.initiators))}]"


def _hosts(suggestions: Suggestions) -> Iterator[str]:
    for name in sorted({*suggestions.jsa_features, *suggestions.jsa_processor}):
        yield f"{_quoted(name)}:"
        if name in suggestions.jsa_features:
            yield f"  jsa_features: [{', '.join(suggestions.jsa_features[name])}]"
        if name in suggestions.jsa_processor:
            yield f"  jsa_processor: {_quoted(suggestions.jsa_processor[name])}"


def _comment(text: str, indent: str) -> list[str]:
    # A host may say anything, and a line break would end the comment.
    plain = " ".join(text.split())
    return textwrap.wrap(plain, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ")


def _quoted(text: str) -> str:
    """A string of YAML that nobody takes for anything else: a process may call itself yes."""
    return json.dumps(text, ensure_ascii=False)


def _plural(number: int, one: str, several: str = "") -> str:
    return f"{number} {one if number == 1 else several or f'{one}s'}"
