# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls the null procedure of NFS and of its mount daemon. Mounts nothing. Runs on Python 3.6."""

from typing import Any, Dict, Optional

from ansible_collections.jsa.ports.plugins.module_utils._observe.client import Deadline, ExchangeError
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import WRONG_ANSWER, FailedError
from ansible_collections.jsa.ports.plugins.module_utils._observe.rpc import message as rpc
from ansible_collections.jsa.ports.plugins.module_utils._observe.rpc.client import call

_RPCBIND_PORT = 111
_VERSION = 3


def check_nfs(address, port, deadline):  # type: (str, int, Deadline) -> Dict[str, Any]
    """The version of NFS that replies. Raises ExchangeError and FailedError."""
    return {"version": _null(address, port, rpc.NFS, "NFS", deadline)}


def check_mountd(address, port, deadline):  # type: (str, int, Deadline) -> Dict[str, Any]
    """The version of the mount daemon, on the port that rpcbind returns, or on *port* without rpcbind.

    Raises ExchangeError and FailedError.
    """
    known = _ask_rpcbind(address, deadline.part(0.4))
    actual = known or port
    try:
        version = _null(address, actual, rpc.MOUNTD, "the mount daemon", deadline)
    except ExchangeError as error:
        if known and known != port:
            raise ExchangeError(
                error.result, "rpcbind reports mountd on %d/tcp, not on %d; %s" % (known, port, error.reason)
            )
        raise
    details = {"version": version, "port": actual}  # type: Dict[str, Any]
    if known is None:
        details["remark"] = "rpcbind reports no port"
    return details


def _ask_rpcbind(address, deadline):  # type: (str, Deadline) -> Optional[int]
    try:
        mappings = rpc.parse_dump(
            call(address, _RPCBIND_PORT, rpc.PORTMAP, rpc.PORTMAP_VERSION, rpc.PORTMAP_DUMP, deadline)
        )
    except (ExchangeError, rpc.RpcError):
        return None
    ports = sorted({item.port for item in mappings if item.program == rpc.MOUNTD and item.protocol == "tcp"} - {0})
    return ports[0] if ports else None


def _null(address, port, program, what, deadline):  # type: (str, int, int, str, Deadline) -> int
    """The version of *program* that replies to its null procedure. Raises ExchangeError and FailedError."""
    version = _VERSION
    try:
        try:
            call(address, port, program, version, rpc.NULL, deadline)
        except rpc.RpcRefusedError as error:
            if error.versions is None:
                raise
            version = error.versions[1]
            call(address, port, program, version, rpc.NULL, deadline)
    except rpc.RpcRefusedError as error:
        raise FailedError(WRONG_ANSWER, "%s is not available: %s" % (what, error))
    except rpc.RpcGarbageError as error:
        raise FailedError(WRONG_ANSWER, "the answer is not from %s: %s" % (what, error))
    return version
