# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services that a port mapper lists, and the states of one that does not answer. Runs on Python 3.6."""

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
#: This host could not send the request.
UNAVAILABLE = "unavailable"
STATES = (OK, DOWN, SILENT, SLOW, ENDLESS, CLOSED, GARBAGE, UNREACHABLE, PROHIBITED, UNAVAILABLE)


class PortMapError(Exception):
    """Base class of the errors of this package."""


class OptionError(PortMapError):
    """Invalid options."""


class GarbageError(PortMapError):
    """The answer is not that of a port mapper."""


class Service(NamedTuple):
    """A service and its current port."""

    service: str
    kind: str
    #: ``tcp`` or ``udp``.
    protocol: str
    port: int
    #: Further properties, under the names that the port mapper uses.
    details: Dict[str, str]


class Answer(NamedTuple):
    """The answer of one port mapper, or the reason why there is none."""

    state: str
    #: A sentence, empty if there is nothing to add.
    reason: str = ""
    services: "tuple" = ()
    details: Optional[Dict[str, object]] = None
