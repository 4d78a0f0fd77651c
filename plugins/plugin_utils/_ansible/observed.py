# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Observations as a task gets them: what modules registered on the hosts, handed over by part, or a document."""

from __future__ import annotations

import json

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ansible_collections.jsa.ports.plugins.plugin_utils._check import observations as check
from ansible_collections.jsa.ports.plugins.plugin_utils._check import observing
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import Part
from ansible_collections.jsa.ports.plugins.plugin_utils._learned import observations as learned
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight import observations as preflight
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import did_you_mean
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write

#: What was observed of one host.
Seen = TypeVar("Seen")

_SUBJECT = "The observations cannot be used"


@dataclass(frozen=True)
class Purpose(Generic[Seen]):
    """What is observed, and how its document is read and written."""

    #: None where each host has a file of its own.
    document: Any | None
    parts: Sequence[Part[Any]]
    observed: Callable[[Mapping[str, Any], Iterable[str], Collection[str]], dict[str, Seen]]
    #: Keys beside the parts: the results of a module that tells several parts.
    several: Sequence[str] = ()

    def read(
        self, value: Mapping[str, Any], plan: Plan, task_vars: Mapping[str, Any], required: Collection[str] = ()
    ) -> dict[str, Seen]:
        """Host to what was observed of it, in the plan's order.

        *value*: a document, or the results of the modules by part and host; those of *required* have to be there.
        Raises InputError where a host of the play was not observed and nobody said why.
        """
        if self.document is not None and "version" in value:
            return self._from_document(self.document, value, plan, hosts_in_play(plan, task_vars))
        names = [*(part.name for part in self.parts), *self.several]
        problems = [
            f"observations: unknown key {key!r}{did_you_mean(str(key), names)}" for key in value if key not in names
        ]
        problems += [f"observations: {name} is missing" for name in required if name not in value]
        if problems:
            raise InputError(_SUBJECT, problems)
        # Where nobody says who is left, nobody was dropped.
        alive = task_vars.get("ansible_play_hosts", task_vars.get("ansible_play_hosts_all", ()))
        return self.observed(value, hosts_in_play(plan, task_vars), frozenset(alive))

    def _from_document(self, kind: Any, value: Mapping[str, Any], plan: Plan, play: Iterable[str]) -> dict[str, Seen]:
        problems: list[str] = []
        document = read(kind, value, "observations", problems)
        if document is None:
            raise InputError(_SUBJECT, problems)
        hosts: Mapping[str, Seen] = document.hosts
        problems = [f"observations.hosts: {name} is not in the plan" for name in hosts if name not in plan.hosts]
        problems += [f"observations.hosts: {name} of the play is missing" for name in play if name not in hosts]
        if problems:
            raise InputError(_SUBJECT, problems)
        return {name: hosts[name] for name in plan.hosts if name in hosts}

    def text(self, hosts: Mapping[str, Seen]) -> str:
        """The document of what was observed, as JSON."""
        return json.dumps(write(self._document()(hosts=hosts)), indent=1) + "\n"

    def _document(self) -> Any:
        if self.document is None:
            raise ValueError("what was observed of these hosts is not one document")
        return self.document


CHECK = Purpose(None, check.CHECK_PARTS, observing.observed, (observing.OBSERVED, observing.OBSERVED_AGAIN))
PREFLIGHT = Purpose(preflight.PreflightObservations, preflight.PREFLIGHT_PARTS, preflight.observed)
LEARNED = Purpose(learned.LearnedObservations, learned.LEARNED_PARTS, learned.observed)


def required_in_check(value: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts without which a check says nothing: none if the console tests the flows of every host.

    *value*: the results of the modules by part and host. The console's part is skipped for hosts that are asked by SSH.
    """
    if observing.OBSERVED in value:
        return ()
    console = value.get("console")
    results = console.values() if isinstance(console, Mapping) else ({"skipped": True},)
    asked = any(isinstance(one, Mapping) and one.get("skipped") for one in results)
    return ("sockets", "probes") if asked else ()


def hosts_in_play(plan: Plan, task_vars: Mapping[str, Any]) -> list[str]:
    """The plan's hosts that the play (with ``--limit``) is about."""
    play_hosts = set(task_vars.get("ansible_play_hosts_all", ()))
    return [name for name in plan.hosts if name in play_hosts]
