# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a check as it was written: port_check.json, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, TypeVar

from ansible_collections.jsa.ports.plugins.plugin_utils._check.baseline import RESULT_VERSION
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Address, Protocol
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import PORT, Choice, shown
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.json_text import parse_json
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read

#: The maximum number of problems of a file in a message.
_SHOWN = 10

#: Keys of the file that Python does not take as names.
_NAMES = {"from": "initiator", "to": "listener"}

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class _Item:
    """A verdict in the file."""

    verdict: Annotated[str, Choice(VERDICTS)]
    initiator: str
    listener: str
    address: Address
    protocol: Protocol
    port: Annotated[int, PORT] | None = None
    entries: tuple[str, ...] = ()
    service: str = ""
    reason: str = ""
    symptoms: tuple[str, ...] = ()

    def verdict_of(self) -> Verdict:
        """What the check found, without the knowledge whether a missing listener would be a fault."""
        flow = ExpectedFlow(
            self.initiator,
            self.listener,
            self.address,
            self.protocol,
            self.port,
            self.entries,
            self.service,
            required=True,
            wanted=self.verdict != "unexpected_open",
        )
        return Verdict(flow, self.verdict, self.reason, self.symptoms)


@dataclass(frozen=True, kw_only=True)
class CheckedHost:
    """What was found on a host itself."""

    observed: bool = True
    #: None where nobody could tell.
    firewall_as_planned: bool | None = None
    firewall_alarms: tuple[str, ...] = ()
    firewall_difference: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    #: Part of the observation to the reason why it is missing.
    unseen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CheckedScope:
    """Which flows were checked."""

    name: str = ""
    flows: int = 0
    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """The result of one check."""

    verdicts: tuple[Verdict, ...]
    hosts: Mapping[str, CheckedHost]
    scope: CheckedScope


def parse_result(text: str, place: str) -> CheckResult:
    """The result in *text*. Raises InputError if it is damaged or has another version; *place* names the file."""
    subject = f"The result of the check {place} cannot be used; nothing was written"
    try:
        document = parse_json(text)
    except ValueError as error:
        raise InputError(subject, [f"it is not valid JSON: {error}"]) from None
    if not isinstance(document, Mapping) or not isinstance(document.get("verdicts"), list):
        raise InputError(subject, ["it is not a result of the check: verdicts is missing; expected a port_check.json"])
    version = document.get("version")
    if version != RESULT_VERSION or isinstance(version, bool):
        raise InputError(
            subject,
            [f"its version is {shown(version)}, and this collection reads version {RESULT_VERSION}: check again"],
        )
    problems: list[str] = []
    items = [_read(_Item, item, f"verdicts[{number}]", problems) for number, item in enumerate(document["verdicts"])]
    hosts = document.get("hosts", {})
    if not isinstance(hosts, Mapping):
        problems.append("hosts: expected a mapping")
        hosts = {}
    checked = {str(name): _read(CheckedHost, item, f"hosts.{name}", problems) for name, item in hosts.items()}
    scope = _read(CheckedScope, document.get("scope", {}), "scope", problems)
    if problems or scope is None:
        more = len(problems) - _SHOWN
        raise InputError(subject, [*problems[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])
    return CheckResult(
        verdicts=tuple(item.verdict_of() for item in items if item is not None),
        hosts={name: host for name, host in checked.items() if host is not None},
        scope=scope,
    )


def _read(kind: type[T], item: Any, place: str, problems: list[str]) -> T | None:
    """*item* as a *kind*; keys that a later release has added are not read."""
    if isinstance(item, Mapping):
        names = {one.name for one in fields(kind)}  # type: ignore[arg-type]
        renamed = {_NAMES.get(key, key): value for key, value in item.items()}
        item = {key: value for key, value in renamed.items() if key in names}
    return read(kind, item, place, problems)


#: What tells two flows apart: initiator, listener, protocol and port. The initiator is empty where it only stands for
#: everybody.
FlowKey = tuple[str, str, str, "int | None"]


def flow_key(item: Verdict) -> FlowKey:
    """As the check compares two results."""
    flow = item.flow
    return flow.initiator if flow.wanted else "", flow.listener, flow.protocol, flow.port


@dataclass(frozen=True)
class Compared:
    """How what is not ok differs between two results."""

    new: tuple[Verdict, ...]
    #: As the earlier result has them.
    gone: tuple[Verdict, ...]
    still: int
    #: Of the earlier result, those whose flows the later one does not have.
    unknown: int


def compare(earlier: CheckResult, later: CheckResult) -> Compared:
    """Both results hold the flows that are ok as well, so that one that is missing was not checked.

    A port that was open to everybody has a verdict only while it is open: where its listener was checked again, it is
    closed now.
    """
    before = {flow_key(item): item for item in earlier.verdicts if item.verdict != "ok"}
    now = {flow_key(item): item for item in later.verdicts}
    wrong = {key: item for key, item in now.items() if item.verdict != "ok"}
    new = [item for key, item in wrong.items() if key not in before or before[key].verdict != item.verdict]
    absent = {key: item for key, item in before.items() if key not in wrong}
    gone = [item for key, item in absent.items() if key in now or (not item.flow.wanted and _checked(later, key[1]))]
    return Compared(tuple(new), tuple(gone), len(wrong) - len(new), len(absent) - len(gone))


def _checked(result: CheckResult, name: str) -> bool:
    return name in result.hosts and result.hosts[name].observed
