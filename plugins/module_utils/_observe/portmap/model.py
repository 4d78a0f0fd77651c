# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a port mapper tells, and the words for one that does not. Runs on Python 3.6."""

from typing import Dict, NamedTuple, Optional

IMQ = "imq"
RPCBIND = "rpcbind"
KINDS = (IMQ, RPCBIND)

OK = "ok"
#: Nothing listens: the service is down, or on its way up.
DOWN = "down"
SILENT = "silent"
SLOW = "slow"
ENDLESS = "endless"
CLOSED = "closed"
GARBAGE = "garbage"
UNREACHABLE = "unreachable"
PROHIBITED = "prohibited"
#: This host could not ask.
UNAVAILABLE = "unavailable"
STATES = (OK, DOWN, SILENT, SLOW, ENDLESS, CLOSED, GARBAGE, UNREACHABLE, PROHIBITED, UNAVAILABLE)


class PortMapError(Exception):
    """Base of everything that this package raises."""


class OptionError(PortMapError):
    """Options that cannot be meant."""


class GarbageError(PortMapError):
    """What a peer says is not what a port mapper says."""


class Service(NamedTuple):
    """A service and the port that it has at present."""

    service: str
    kind: str
    #: As it matters to a firewall: ``tcp`` or ``udp``.
    protocol: str
    port: int
    #: What the port mapper says of it besides, by the port mapper's own words.
    details: Dict[str, str]


class Answer(NamedTuple):
    """What one port mapper said, or why it did not."""

    state: str
    #: A sentence; empty where there is nothing to say.
    reason: str = ""
    services: "tuple" = ()
    details: Optional[Dict[str, object]] = None
