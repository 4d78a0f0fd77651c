# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers of port mappers, as plain, frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: How the catalog calls a way to find ports out, and how the module that does it calls what it asks.
KIND_OF: dict[str, str] = {"imq_port_mapper": "imq", "rpcbind": "rpcbind"}


@dataclass(frozen=True, order=True)
class Found:
    """A service and the port that it had."""

    service: str
    kind: str
    protocol: str
    port: int


@dataclass(frozen=True)
class Discovery:
    """The answers of one host's port mappers at one time."""

    services: tuple[Found, ...]
    #: Kind -> why it returned nothing; absent if it answered or was not asked.
    failures: dict[str, str]
    #: Who was asked.
    kinds: frozenset[str]
    #: When, in UTC, as it was written and in seconds since 1970.
    at: str
    seconds: float


@dataclass(frozen=True)
class Discoveries:
    """The discoveries of all hosts, and the time that their age is compared with."""

    now: float = 0.0
    by_host: Mapping[str, Discovery] = field(default_factory=dict)
