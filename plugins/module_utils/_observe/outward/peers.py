# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolves names, and connects to the first address that accepts a connection. Runs on Python 3.6."""

import socket

from typing import Callable, List, Optional, TypeVar

from ansible_collections.jsa.ports.plugins.module_utils._observe.client import (
    Deadline,
    ExchangeError,
    Stream,
    open_stream,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import (
    FROM_CONVERSATION,
    NAME_NOT_RESOLVED,
    FailedError,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import parse_peer

Answer = TypeVar("Answer")

_MOST_ADDRESSES = 4


def resolve(host):  # type: (str) -> List[str]
    """The addresses that this host's resolver returns for *host*, or *host* if it is an address. Raises FailedError."""
    try:
        parse_peer(host)
        return [host]
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, 0, socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise FailedError(NAME_NOT_RESOLVED, "no name server answers the query for %s" % host)
        raise FailedError(NAME_NOT_RESOLVED, "%s has no address: %s" % (host, error.strerror))
    except UnicodeError:
        raise FailedError(NAME_NOT_RESOLVED, "%s is not a name" % host)
    addresses = []  # type: List[str]
    for _family, _kind, _protocol, _name, sockaddr in found:
        address = str(sockaddr[0])
        if address not in addresses:
            addresses.append(address)
    return addresses[:_MOST_ADDRESSES]


def at_first(addresses, deadline, talk):
    # type: (List[str], Deadline, Callable[[str, Deadline], Answer]) -> Answer
    """The value of *talk* for the first address for which it succeeds. Raises the FailedError of the last one."""
    failure = None  # type: Optional[FailedError]
    for number, address in enumerate(addresses):
        try:
            # Each gets its share of the time that is left, so that a dead address does not use it up.
            return talk(address, deadline.part(1.0 / (len(addresses) - number)))
        except ExchangeError as error:
            failure = FailedError(FROM_CONVERSATION.get(error.result, error.result), error.reason)
    raise failure or FailedError(NAME_NOT_RESOLVED, "there is no address")


def connect(addresses, port, deadline):  # type: (List[str], int, Deadline) -> Stream
    """A connection to the first of *addresses* that accepts one. Raises FailedError."""
    return at_first(addresses, deadline, lambda address, share: open_stream(address, port, share))
