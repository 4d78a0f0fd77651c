# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has changed since an earlier result of the check."""

from __future__ import annotations

import json

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import NETWORK, HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow

#: The version of port_check.json, which is what a baseline is.
RESULT_VERSION = 1

#: Initiator, listener, protocol, port. The initiator is empty where it only stands for everybody. The listener is the
#: virtual address where the flow goes to one: which node has it can change.
Key = tuple[str, str, str, int | None]

#: The maximum number of problems of a file in a message.
_SHOWN = 10


@dataclass(frozen=True)
class Baseline:
    """What an earlier result found."""

    #: What was not ok.
    verdicts: dict[Key, dict[str, Any]]
    #: Host to what differed from the plan, and what the site opened.
    drift: dict[str, list[str]]


@dataclass(frozen=True)
class Changes:
    """How the verdicts that are not ok differ from those of an earlier result."""

    new: list[Verdict]
    #: As the earlier result wrote them.
    gone: list[dict[str, Any]]
    still: int
    #: Verdicts of the baseline whose flows were not checked this time, or could not be observed.
    unknown: int

    def as_dict(self) -> dict[str, Any]:
        """For port_check.json and the result of the task."""
        return {
            "new": [item.as_dict() for item in self.new],
            "gone": self.gone,
            "still": self.still,
            "unknown": self.unknown,
        }

    def lines(self) -> list[str]:
        """The verdicts that are gone, then the numbers, as lines of text."""
        found = [
            f"gone: {item['verdict']}  {item['from']} -> {item['to']}  "
            f"{item['protocol']} {item.get('port', '')}".rstrip()
            for item in self.gone
        ]
        counts = f"{len(self.new)} new, {len(self.gone)} gone, {self.still} unchanged"
        if self.unknown:
            counts += f", {self.unknown} of the baseline not checked this time"
        return [*found, f"Since the baseline: {counts}."]


def parse_baseline(text: str, place: str) -> Baseline:
    """An earlier port_check.json. Raises InputError if it is damaged or has another version."""
    subject = f"The baseline {place} cannot be used; no host was contacted"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(subject, [f"it is not valid JSON: {error}"]) from None
    if not isinstance(document, dict) or not isinstance(document.get("verdicts"), list):
        raise InputError(subject, ["it is not a result of the check: verdicts is missing; expected a port_check.json"])
    version = document.get("version")
    if version != RESULT_VERSION or isinstance(version, bool):
        raise InputError(
            subject,
            [f"its version is {version!r}, and this collection reads version {RESULT_VERSION}: run the check again"],
        )
    problems = []
    found: dict[Key, dict[str, Any]] = {}
    for number, item in enumerate(document["verdicts"], start=1):
        wrong = _problem(item)
        if wrong:
            problems.append(f"verdict {number}: {wrong}")
        elif item["verdict"] != "ok":
            listener = item["address"] if item.get("virtual") else item["to"]
            found[_key(item["verdict"], item["from"], listener, item["protocol"], item.get("port"))] = item
    if problems:
        more = len(problems) - _SHOWN
        raise InputError(subject, [*problems[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])
    return Baseline(found, _drift(document.get("hosts")))


def _drift(hosts: Any) -> dict[str, list[str]]:
    """Differences and openings by host; none for a host without a valid result."""
    found: dict[str, list[str]] = {}
    for name, host in hosts.items() if isinstance(hosts, dict) else ():
        for key in ("firewall_difference", "openings") if isinstance(host, dict) else ():
            lines = host.get(key)
            found.setdefault(name, []).extend(map(str, lines) if isinstance(lines, list) else ())
    return found


def new_drift(earlier: Mapping[str, list[str]], now: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The lines of *now*, by host, that are not in *earlier*."""
    return {name: [line for line in lines if line not in set(earlier.get(name, ()))] for name, lines in now.items()}


def _problem(item: Any) -> str | None:
    if not isinstance(item, dict):
        return "expected a mapping"
    for key in ("verdict", "from", "to", "protocol"):
        if not isinstance(item.get(key), str):
            return f"{key} is missing or is not a string"
    if item.get("virtual") and not isinstance(item.get("address"), str):
        return "address is missing or is not a string"
    if item["verdict"] not in VERDICTS:
        return f"unknown verdict {item['verdict']!r}"
    port = item.get("port")
    if "port" in item and (isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535):
        return f"port: {port!r} is not a port"
    return None


def changes(
    baseline: Baseline,
    verdicts: Iterable[Verdict],
    flows: Iterable[ExpectedFlow],
    observations: Mapping[str, HostObservation],
) -> Changes:
    """Compares *verdicts* with the *baseline*. *flows*: all flows that were checked, also those without a verdict."""
    before = baseline.verdicts
    present = {_key_of(item.flow): item for item in verdicts if item.verdict != "ok"}
    looked_at = {key for flow in flows if (key := _key_of(flow)) in before and _was_tried(flow, observations)}
    new, still = [], 0
    for key, item in present.items():
        earlier = before.get(key)
        if earlier is not None and earlier["verdict"] == item.verdict:
            still += 1
        else:
            new.append(item)
    absent = {key: item for key, item in before.items() if key not in present}
    gone = [item for key, item in absent.items() if key in looked_at or _is_closed(key, observations)]
    return Changes(new, gone, still, len(absent) - len(gone))


def _key(verdict: str, initiator: str, listener: str, protocol: str, port: int | None) -> Key:
    return "" if verdict == "unexpected_open" else initiator, listener, protocol, port


def _key_of(flow: ExpectedFlow) -> Key:
    listener = flow.address if flow.virtual else flow.listener
    return flow.initiator if flow.wanted else "", listener, flow.protocol, flow.port


def _was_tried(flow: ExpectedFlow, observations: Mapping[str, HostObservation]) -> bool:
    """A flow that must work gets a verdict if it was not; one that must not work gets one only if it does."""
    return flow.wanted or flow.probe_key in observations[flow.initiator].answers


def _is_closed(key: Key, observations: Mapping[str, HostObservation]) -> bool:
    """Whether a port that was open to everybody has no listener on the network any more."""
    initiator, listener, protocol, port = key
    seen = observations[listener].listeners if listener in observations else None
    if initiator or seen is None:
        return False
    socket = seen.get((protocol, port))
    return socket is None or socket.bind != NETWORK
