# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules returned on the hosts becomes observations: of one look at each host, and of single modules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import CHECK_PARTS, HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import PATHS
from ansible_collections.jsa.ports.plugins.plugin_utils._check.texts import read_answer
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import (
    PROBES,
    SKIPPED,
    Unseen,
    read_parts,
)

_MODULE = "jsa.ports.observe"

#: Keys of what is handed over, beside the parts: the results of jsa.ports.observe by host, of the first and of the
#: second call.
OBSERVED, OBSERVED_AGAIN = "observed", "observed_again"

#: What jsa.ports.observe tells.
_WHOLE = tuple(replace(part, module=_MODULE) for part in CHECK_PARTS if part.module != "jsa.ports.console_check")
_OTHERS = tuple(part for part in CHECK_PARTS if part.module == "jsa.ports.console_check")
#: Of these, a second call tells more.
_AGAIN = tuple(replace(part, module=_MODULE) for part in (PROBES, PATHS))


def observed(
    handed_over: Mapping[str, Any], names: Iterable[str], alive: Collection[str]
) -> dict[str, HostObservation]:
    """Out of the modules' results, as :func:`read_parts` takes them, or of those of jsa.ports.observe.

    Raises InputError.
    """
    later = handed_over.get(OBSERVED_AGAIN, {}) if OBSERVED in handed_over else {}
    found = {}
    for name, seen in _read(handed_over, list(names), alive):
        unseen: dict[str, Unseen] = seen["unseen"]
        # A host is asked itself, or the console tests its flows: what is skipped on purpose is not missing.
        skipped = [part for part, one in unseen.items() if one.kind == SKIPPED]
        for part in skipped if "console" in seen else [part for part in skipped if part == "console"]:
            del unseen[part]
        result = read_answer(later.get(name))
        if isinstance(result, Mapping) and not result.get("skipped"):
            _add(seen, result)
        found[name] = HostObservation(**seen)
    return found


def _read(
    handed_over: Mapping[str, Any], names: Sequence[str], alive: Collection[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each host with the arguments of its observation, as :func:`read_parts` returns them."""
    if OBSERVED not in handed_over:
        yield from read_parts(CHECK_PARTS, handed_over, names, alive).items()
        return
    _require_all(handed_over, names, alive)
    console = {part.name: handed_over[part.name] for part in _OTHERS if part.name in handed_over}
    # One host after the other: the parts of all of them are many times as long as their texts.
    for name in names:
        result = read_answer(handed_over[OBSERVED].get(name))
        pieces = {part.name: {name: _piece(result, part.name)} for part in _WHOLE}
        yield from read_parts((*_WHOLE, *_OTHERS), {**pieces, **console}, [name], alive).items()


def _require_all(handed_over: Mapping[str, Any], names: Iterable[str], alive: Collection[str]) -> None:
    """Raises InputError if a host that takes part has no result of a call, or if that is not one by host."""
    problems = []
    for key in (OBSERVED, OBSERVED_AGAIN):
        if key not in handed_over:
            continue
        results = handed_over[key]
        if not isinstance(results, Mapping):
            problems.append(f"{key}: expected the results of {_MODULE} by host")
            continue
        problems += [
            f"{key}: {name} has no result of {_MODULE}"
            for name in names
            if name in alive and not isinstance(results.get(name), Mapping)
        ]
    if problems:
        raise InputError("The observations are not complete, so there are no verdicts", problems)


def _piece(result: Any, name: str) -> Any:
    """The part *name* of a *result*. Where it has none, the result says why."""
    part = result.get(name) if isinstance(result, Mapping) else None
    return part if isinstance(part, Mapping) else result


def _add(seen: dict[str, Any], result: Mapping[str, Any]) -> None:
    """What the second call told. Where it failed, what it was to find out is missing: the rules and routes."""
    for part in _AGAIN:
        value = part.read(_piece(result, part.name))
        if part.name not in seen:
            continue
        if not isinstance(value, Unseen):
            seen[part.name] = seen[part.name].then(value)
        elif part.name == PATHS.name:
            del seen[part.name]
            seen["unseen"][part.name] = value
