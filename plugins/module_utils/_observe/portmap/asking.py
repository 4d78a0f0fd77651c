# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks a port mapper, and returns its services or why there are none. Runs on Python 3.6."""

from typing import Any, Dict, List, Optional

from ansible_collections.jsa.ports.plugins.module_utils._observe import client
from ansible_collections.jsa.ports.plugins.module_utils._observe.client import Deadline, ExchangeError
from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap import model
from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap.imq import Table, parse_table
from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap.model import Answer, GarbageError, Service
from ansible_collections.jsa.ports.plugins.module_utils._observe.rpc import message as rpc
from ansible_collections.jsa.ports.plugins.module_utils._observe.rpc.client import call
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import (
    NO_ANSWER,
    PROHIBITED,
    REFUSED,
    UNREACHABLE,
)

#: A table of a few dozen services has some kilobytes.
_LIMIT = 65536

#: The client may send first. Without this, the broker waits a moment before it replies.
_GREETING = b"101\n"

_STATES = {
    REFUSED: model.DOWN,
    NO_ANSWER: model.SILENT,
    PROHIBITED: model.PROHIBITED,
    UNREACHABLE: model.UNREACHABLE,
    client.CLOSED: model.CLOSED,
    client.RESET: model.CLOSED,
    client.UNFINISHED: model.SLOW,
    client.ENDLESS: model.ENDLESS,
}


def ask_broker(address, port, timeout, previous_session=None):
    # type: (str, int, float, Optional[str]) -> Answer
    """The answer of the broker's port mapper, and whether the broker was restarted since *previous_session*."""
    try:
        text, cut = _read_table(address, port, Deadline(timeout))
        table = parse_table(text)
    except ExchangeError as error:
        reason = error.reason
        if error.result == REFUSED:
            reason = "nothing listens on port %d of %s: the broker is down, or it is starting" % (port, address)
        return Answer(_STATES.get(error.result, model.UNAVAILABLE), reason)
    except GarbageError as error:
        return Answer(model.GARBAGE, str(error))
    services = tuple(
        Service(entry.service, model.IMQ, "tcp", entry.port, {"protocol": entry.protocol, "type": entry.type})
        for entry in table.entries
        if entry.port
    )
    return Answer(
        model.OK,
        _remark(table, cut),
        services,
        {
            "broker": table.broker,
            "version": table.version,
            "complete": table.complete,
            "session": table.session,
            "restarted": None if None in (previous_session, table.session) else table.session != previous_session,
            "without_port": [entry.service for entry in table.entries if not entry.port],
        },
    )


def _read_table(address, port, deadline):  # type: (str, int, Deadline) -> Any
    """The table, and whether its last line is incomplete. Raises ExchangeError and GarbageError."""
    with client.open_stream(address, port, deadline, _LIMIT) as stream:
        try:
            stream.send(_GREETING)
        except ExchangeError:
            # The broker may have replied and closed already.
            pass
        data = b""
        while not data.endswith(b"\n.\n"):
            more = stream.recv()
            if not more:
                break
            data += more
    if not data:
        raise ExchangeError(client.CLOSED, "%s accepted the connection and closed it without an answer" % address)
    # In an incomplete line, the port may be incomplete, too.
    whole = data if data.endswith((b"\n", b"\n.")) else data[: data.rfind(b"\n") + 1]
    if not whole:
        raise GarbageError("the answer %r is not a complete line" % data[:60])
    try:
        return whole.decode("ascii"), len(whole) < len(data)
    except UnicodeDecodeError:
        raise GarbageError("the answer is not text: %r" % data[:60])


def _remark(table, cut):  # type: (Table, bool) -> str
    if cut:
        return "the answer was truncated; services may be missing"
    if not table.complete:
        return "the final dot is missing; services may be missing"
    return ""


def ask_rpcbind(address, port, timeout):  # type: (str, int, float) -> Answer
    """The answer of rpcbind over TCP, or over UDP if that fails."""
    # Each gets half of the time, so that a timeout of one leaves time for the other.
    answer = _ask_rpcbind(address, port, Deadline(timeout / 2.0), "tcp")
    if answer.state == model.OK:
        return answer
    other = _ask_rpcbind(address, port, Deadline(timeout / 2.0), "udp")
    if other.state == model.OK:
        return other._replace(reason="only over UDP; over TCP %s" % answer.reason)
    return answer


def _ask_rpcbind(address, port, deadline, transport):  # type: (str, int, Deadline, str) -> Answer
    try:
        data = call(address, port, rpc.PORTMAP, rpc.PORTMAP_VERSION, rpc.PORTMAP_DUMP, deadline, transport)
        mappings = rpc.parse_dump(data)
    except ExchangeError as error:
        reason = error.reason
        if error.result == REFUSED:
            reason = "nothing listens on port %d/%s of %s: rpcbind is not running" % (port, transport, address)
        return Answer(_STATES.get(error.result, model.UNAVAILABLE), reason)
    except rpc.RpcError as error:
        return Answer(model.GARBAGE, str(error))
    return Answer(model.OK, "", _services(mappings), {"transport": transport})


def _services(mappings):  # type: (List[rpc.Mapping]) -> Any
    """One service for each program and port, with all the versions that it has there."""
    versions = {}  # type: Dict[rpc.Mapping, List[int]]
    for mapping in mappings:
        if mapping.port:
            versions.setdefault(mapping._replace(version=0), []).append(mapping.version)
    return tuple(
        Service(
            mapping.name,
            model.RPCBIND,
            mapping.protocol,
            mapping.port,
            {
                "program": str(mapping.program),
                "versions": ",".join(str(version) for version in sorted(found)),
            },
        )
        for mapping, found in sorted(versions.items())
    )
