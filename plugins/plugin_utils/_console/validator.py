# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether managed hosts can connect, as the console's server_connection_validator tests it.

The console opens a TCP connection from each of some managed hosts to one address and port. It stores nothing. One call
tests all initiators of one listener and port.
"""

from __future__ import annotations

import time

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._console.answers import BusyError, ForbiddenError, RejectedError
from ansible_collections.jsa.ports.plugins.plugin_utils._console.client import Client
from ansible_collections.jsa.ports.plugins.plugin_utils._console.records import HostRecord, ServerRecord
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError, TimedOutError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import CONSOLE_RESULTS
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import TCP, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import parse_address

VALIDATOR = "/system/server_connection_validator"

SUCCESS = CONSOLE_RESULTS[0]

#: Attempts for one call, and calls that fail one after the other until the run ends.
_ATTEMPTS = 3
_FAILURES = 3
#: Calls between two times that the progress is saved.
_SAVED_EVERY = 20

#: Address and port.
CallKey = tuple[str, int]


@dataclass(frozen=True)
class ManagedHosts:
    """The ids of the console's hosts by address, and why others cannot be asked."""

    ids: Mapping[str, int]
    reasons: Mapping[str, str]

    @classmethod
    def of(cls, hosts: Iterable[HostRecord], servers: Iterable[ServerRecord]) -> ManagedHosts:
        """Of an HA pair, only the primary server has an id: the API has no way to ask a node."""
        ids: dict[str, int] = {}
        reasons: dict[str, str] = {}
        nodes: dict[int, list[ServerRecord]] = {}
        for server in servers:
            if server.managed_host_id is not None:
                nodes.setdefault(server.managed_host_id, []).append(server)
        for host in hosts:
            own = nodes.get(host.id, [])
            is_pair = host.secondary_server_id is not None or len(own) > 1
            addresses = [one.private_ip for one in own if not is_pair or one.server_id == host.primary_server_id]
            if not is_pair:
                addresses += [host.private_ip, *([host.public_ip] if host.public_ip else [])]
            for address in addresses:
                if host.status == "Active":
                    ids[_plain(address)] = host.id
                else:
                    reasons[_plain(address)] = f"its status on the console is {host.status}"
            for server in own:
                if _plain(server.private_ip) not in ids:
                    reasons.setdefault(
                        _plain(server.private_ip), "the console tests from the primary node of an HA pair only"
                    )
        return cls(ids, reasons)

    def id_of(self, addresses: Iterable[str]) -> int | None:
        """The id of the host with one of these addresses."""
        return next((self.ids[address] for address in addresses if address in self.ids), None)

    def reason_for(self, addresses: Iterable[str]) -> str:
        """Why the host with these addresses cannot be asked."""
        known = (self.reasons[address] for address in addresses if address in self.reasons)
        return next(known, "the console has no host with its address")


def _plain(address: str) -> str:
    try:
        return parse_address(address)
    except ValueError:
        return address


@dataclass(frozen=True)
class Call:
    """A listener's address and port, and the ids of the hosts that connect to it."""

    key: CallKey
    hosts: tuple[int, ...]


def calls_of(flows: Iterable[ExpectedFlow], ids: Mapping[str, int]) -> list[Call]:
    """The calls that test the TCP flows of the initiators in *ids* (name to id of the host)."""
    found: dict[CallKey, dict[int, None]] = {}
    for flow in flows:
        if flow.protocol == TCP and flow.port is not None and flow.initiator in ids:
            found.setdefault((flow.address, flow.port), {})[ids[flow.initiator]] = None
    return [Call(key, tuple(hosts)) for key, hosts in found.items()]


@dataclass
class Run:
    """Tests calls one after the other. *tested* holds what is known already and what is found."""

    client: Client
    #: Calls per second; 0 is no limit.
    rate: float
    tested: dict[CallKey, dict[int, str]] = field(default_factory=dict)
    #: Why a call that was tried has no results.
    failed: dict[CallKey, str] = field(default_factory=dict)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def test(self, calls: Iterable[Call], save: Callable[[], None]) -> None:
        """Calls *save* now and then. Raises ConsoleError if the console cannot be used any more."""
        in_a_row = 0
        begins = self.clock()
        for number, call in enumerate(self.left(calls)):
            begins = self._wait(begins)
            try:
                results = self._results(call)
            except (BusyError, RejectedError, TimedOutError) as error:
                self.failed[call.key] = str(error)
                # A request that is not accepted says something of its listener, not of the console.
                in_a_row = 0 if isinstance(error, RejectedError) else in_a_row + 1
                if in_a_row == _FAILURES:
                    raise
                continue
            except ForbiddenError as error:
                raise self.client.named_rights(error, [("POST", VALIDATOR)]) from error
            in_a_row = 0
            self.failed.pop(call.key, None)
            self.tested.setdefault(call.key, {}).update(results)
            if number % _SAVED_EVERY == _SAVED_EVERY - 1:
                save()

    def left(self, calls: Iterable[Call]) -> list[Call]:
        """The calls, with the hosts that have no result yet."""
        left = [
            Call(call.key, tuple(host for host in call.hosts if host not in self.tested.get(call.key, {})))
            for call in calls
        ]
        return [call for call in left if call.hosts]

    def _wait(self, earliest: float) -> float:
        """Until the next call may begin. Returns when the one after it may."""
        now = self.clock()
        if now < earliest:
            self.sleep(earliest - now)
            now = earliest
        return now + (1 / self.rate if self.rate else 0.0)

    def _results(self, call: Call) -> dict[int, str]:
        body = {"hostname": call.key[0], "port": call.key[1], "hosts": [{"id": number} for number in call.hosts]}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._read(self.client.post(VALIDATOR, body), call)
            except BusyError:
                if attempt == _ATTEMPTS:
                    raise
                self.sleep(float(attempt))
        raise AssertionError("the last attempt returns or raises")

    def _read(self, answer: Any, call: Call) -> dict[int, str]:
        items = answer.get("hosts") if isinstance(answer, Mapping) else None
        if not isinstance(items, list):
            raise ConsoleError(
                f"{self.client.access.url}: the answer to POST {VALIDATOR} is not as documented (it has no hosts): set "
                "api_version to another version"
            )
        found = {item.get("id"): str(item.get("connection_result")) for item in items if isinstance(item, Mapping)}
        # A result that is not documented is none.
        return {number: result for number in call.hosts if (result := found.get(number, "")) in CONSOLE_RESULTS}


def not_tested(plan: Plan, flows: Iterable[ExpectedFlow], reasons: Mapping[str, str]) -> list[str]:
    """What the console cannot test, one sentence each. *reasons*: why it cannot test from an initiator, by name."""
    without = [flow for flow in flows if flow.protocol != TCP]
    protocols = sorted({flow.protocol.upper() for flow in without})
    lines = [f"{' and '.join(protocols)}, {len(without):,} flows: the console can test TCP only"] if without else []
    networks = sorted(label for label, source in plan.source_classes.items() if source.networks)
    if networks:
        lines.append(
            f"connections from outside of the deployment ({', '.join(networks)}): the console has no host there"
        )
    lines.append(
        "connections that should be rejected: the console does not tell a closed port from a rejected connection"
    )
    return [*lines, *(f"connections from {name}: {reason}" for name, reason in reasons.items())]
