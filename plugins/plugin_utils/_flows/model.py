# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows between two hosts of a plan, and the probes that try them. ICMP has no port: it is None everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Protocol and port.
SocketKey = tuple[str, int | None]
#: Address, port, protocol.
ProbeKey = tuple[str, int | None, str]


@dataclass(frozen=True, slots=True)
class ExpectedFlow:
    """One connection between two hosts that has to work, or (``wanted`` false) that has to be rejected."""

    initiator: str
    listener: str
    #: At which the initiator contacts the listener.
    address: str
    protocol: str
    port: int | None
    #: Of the catalog's entries behind it.
    ids: tuple[str, ...]
    service: str
    #: Whether a missing listener is a fault.
    required: bool
    wanted: bool = True
    #: Whether the address is that of the listener's HA pair; the listener is the node that is taken to have it.
    virtual: bool = False
    #: The listener's own address where the packets arrive, if NAT translates.
    translated_to: str | None = None

    @property
    def arrives_at(self) -> str:
        """The address that the listener itself knows the packets by."""
        return self.translated_to or self.address

    @property
    def probe_key(self) -> ProbeKey:
        """Address, port and protocol: what the answer to its probe is found by."""
        return self.address, self.port, self.protocol

    @property
    def socket(self) -> SocketKey:
        """Protocol and port on the listener."""
        return self.protocol, self.port


@dataclass(frozen=True, slots=True)
class Probe:
    """What a host sends to try a flow."""

    address: str
    protocol: str
    port: int | None = None
    #: Whether silence that may be a suppressed ICMP error is worth asking again.
    recheck: bool = True
    #: Token of the run and name of the host whose temporary listener has to answer.
    expect: str | None = None
    #: Whether the port should be open; None where every result is as it should be.
    is_open: bool | None = None
    #: The initiator's own address that it sends from.
    own: str | None = None

    @classmethod
    def of(cls, flow: ExpectedFlow, recheck: bool = True, expect: str | None = None) -> Probe:
        """The probe of *flow*. *expect*: token and host of the temporary listener that has to answer."""
        return cls(flow.address, flow.protocol, flow.port, recheck, expect)

    def as_dict(self) -> dict[str, Any]:
        """As ``jsa.ports.observe`` and ``jsa.ports.reachability`` take it."""
        probe: dict[str, Any] = {"address": self.address, "protocol": self.protocol}
        if self.port is not None:
            probe["port"] = self.port
        if not self.recheck:
            probe["recheck"] = False
        if self.expect is not None:
            probe["expect"] = self.expect
        if self.is_open is not None:
            probe["open"] = self.is_open
        if self.own is not None:
            probe["own"] = self.own
        return probe
