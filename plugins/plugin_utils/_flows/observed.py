# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of each host's observations, in a check and in a preflight.

The values come from hosts and networks. Text is made printable. A malformed answer costs its host only this part of
the observation, and no other host loses anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from typing import Annotated, Any, Generic, TypeVar

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ProbeKey
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import PORT, Choice, Converted, left_out
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import PROTOCOLS

T = TypeVar("T")

#: The version of the form of all observations; a file of another version is not read.
OBSERVATIONS_VERSION = 1

PROBE_RESULTS = ("open", "refused", "prohibited", "unreachable", "no_answer", "open_or_filtered", "unavailable")

#: What the console's server_connection_validator returns for a connection.
CONSOLE_RESULTS = ("SUCCESS", "UNREACHABLE", "MANAGEDHOST_UNREACHABLE")

#: Why a part of an observation is not there. ``unreachable`` and ``failed``: Ansible says so, and counts the host as
#: failed; ``unanswered``: the module did not answer, and the task did not count that as a failure; ``skipped``: the
#: task was; ``lost``: Ansible had dropped the host before; ``malformed``: the answer cannot be read; ``absent``: nobody
#: has handed over an observation of the host, or none that is recent enough.
UNSEEN = ("unreachable", "failed", "unanswered", "skipped", "lost", "malformed", "absent")
UNREACHABLE, FAILED, UNANSWERED, SKIPPED, LOST, MALFORMED, ABSENT = UNSEEN

#: The maximum number of problems of a malformed answer in a reason.
_SHOWN = 3


def _printable(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a string")
    # A plain one: ansible-core marks strings with where they come from.
    return _shown(str(value))


@lru_cache(maxsize=4096)
def _shown(text: str) -> str:
    """Thousands of lines name the same few processes."""
    return printable(text, "")


#: A text from a host or a network, without what a terminal would obey.
Text = Annotated[str, Converted(_printable, str, {"type": "string"})]
Port = Annotated[int, PORT]
Family = Annotated[str, Choice(("ipv4", "ipv6"))]


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Why a part of a host's observation is not there."""

    kind: Annotated[str, Choice(UNSEEN)]
    reason: Text

    @property
    def explained(self) -> bool:
        """Whether Ansible counts the host as failed already; everything else has to fail the run."""
        return self.kind in (UNREACHABLE, FAILED)


@dataclass(frozen=True, kw_only=True)
class ProbeAnswer:
    """What came back of one probe."""

    address: Text
    protocol: Annotated[str, Choice(PROTOCOLS)]
    port: Port | None = left_out()
    result: Annotated[str, Choice(PROBE_RESULTS)]
    #: The address that sent the ICMP error.
    by: Text | None = left_out()
    rate_limited: bool = left_out(False)
    error: Text | None = left_out()
    #: Of a probe that expects a temporary listener: ``match``, ``mismatch``, or ``none`` where nobody said who answers.
    token: Annotated[str, Choice(("match", "mismatch", "none"))] | None = left_out()
    answered_by: Text | None = left_out()
    same_run: bool | None = left_out()
    #: The sender's address, as the listener saw it and as the sender has it.
    seen_as: Text | None = left_out()
    sent_from: Text | None = left_out()

    @property
    def key(self) -> ProbeKey:
        """Address, port and protocol of the probe."""
        return self.address, self.port, self.protocol


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of each host's observation that one module's results become."""

    name: str
    #: Full name of the module.
    module: str
    #: A key of every answer of the module that tells this part; without it the module said only why it cannot.
    key: str
    #: The answer in the form of *T*'s document. Raises KeyError, TypeError and ValueError where it has none.
    document: Callable[[Mapping[str, Any]], Any]
    kind: type[T]

    def read(self, result: Mapping[str, Any]) -> T | Unseen:
        """Of one host. *result*: as Ansible registers it."""
        if result.get("unreachable"):
            return Unseen(kind=UNREACHABLE, reason=_said(result, "the host cannot be reached"))
        if result.get("failed"):
            return Unseen(kind=FAILED, reason=_said(result, f"{self.module} failed"))
        if result.get("skipped"):
            return Unseen(kind=SKIPPED, reason=f"the task with {self.module} was skipped")
        if self.key not in result:
            return Unseen(kind=UNANSWERED, reason=_said(result, f"{self.module} gave no reason"))
        problems: list[str] = []
        found = None
        try:
            found = read(self.kind, self.document(result), self.name, problems)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            problems.append(f"{self.name}: {type(error).__name__}: {error}")
        if found is None:
            more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            wrong = "; ".join(problems[:_SHOWN]) + more
            return Unseen(kind=MALFORMED, reason=_printable(f"the answer of {self.module} cannot be read: {wrong}"))
        return found


def _said(result: Mapping[str, Any], otherwise: str) -> str:
    message = result.get("msg")
    return _printable(str(message)) if message else otherwise


def read_parts(
    parts: Iterable[Part[Any]], handed_over: Mapping[str, Any], names: Iterable[str], alive: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Host to the arguments of its observation: its parts, and in ``unseen`` why others are not there.

    *handed_over*: name of the part to the results by host; parts that were not handed over are left out. *alive*:
    the hosts that Ansible has not dropped from the play. Raises InputError if one of them has no result, because the
    result of another task was passed or the task did not run.
    """
    found: dict[str, dict[str, Any]] = {name: {"unseen": {}} for name in names}
    problems = []
    for part in parts:
        if part.name not in handed_over:
            continue
        results = handed_over[part.name]
        if not isinstance(results, Mapping):
            problems.append(f"{part.name}: expected the results of {part.module} by host")
            continue
        for name, seen in found.items():
            result = results.get(name)
            if isinstance(result, Mapping):
                value = part.read(result)
            elif name in alive:
                problems.append(f"{part.name}: {name} has no result of {part.module}")
                continue
            else:
                value = Unseen(kind=LOST, reason=_lost(seen["unseen"], part.module))
            if isinstance(value, Unseen):
                seen["unseen"][part.name] = value
            else:
                seen[part.name] = value
    if problems:
        raise InputError("The observations are not complete, so there are no verdicts", problems)
    return found


def _lost(unseen: Mapping[str, Unseen], module: str) -> str:
    for earlier in unseen.values():
        if earlier.kind in (UNREACHABLE, LOST):
            return earlier.reason
    return f"Ansible dropped the host from the play before {module} ran"


def failures(unseen: Mapping[str, Unseen], counted: bool = True) -> dict[str, Unseen]:
    """The missing parts of one host that Ansible did not already count as a failure.

    A part that was lost because of an earlier failure of the host is not among them. *counted*: whether this run of
    Ansible made the observations; what another one counted as a failure is one here, too.
    """
    explained = any(one.explained for one in unseen.values())
    return {
        name: one
        for name, one in unseen.items()
        if not (one.explained and counted) and not (one.kind == LOST and explained)
    }


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


def known(kind: type, item: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The keys of a module's result *item* that the dataclass *kind* has, and *more*."""
    return {**{name: item[name] for name in _names(kind) if name in item}, **more}


@dataclass(frozen=True, kw_only=True)
class ProbesSeen:
    """What a host's probes met."""

    answers: tuple[ProbeAnswer, ...]

    def then(self, later: ProbesSeen) -> ProbesSeen:
        """Both; of a probe that was sent again, the later answer counts."""
        return ProbesSeen(answers=tuple({one.key: one for one in (*self.answers, *later.answers)}.values()))


#: The results of ``jsa.ports.reachability``.
PROBES = Part(
    "probes",
    "jsa.ports.reachability",
    "results",
    lambda result: {"answers": [known(ProbeAnswer, item) for item in result["results"]]},
    ProbesSeen,
)
