# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What port mappers told, as plain, frozen values."""

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
    """One look at one host."""

    services: tuple[Found, ...]
    #: Kind -> why it told nothing; who told something, or was not asked, is absent.
    failures: dict[str, str]
    #: Who was asked.
    kinds: frozenset[str]
    #: When, in UTC, as it was written and in seconds since 1970.
    at: str
    seconds: float


@dataclass(frozen=True)
class Discoveries:
    """All looks at all hosts, and the time that they are judged at."""

    now: float = 0.0
    by_host: Mapping[str, Discovery] = field(default_factory=dict)
