# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encodes and decodes ONC RPC (RFC 5531) and the port mapper's program (RFC 1833). Runs on Python 3.6."""

import struct

from typing import List, NamedTuple, Optional, Tuple

PORTMAP = 100000
NFS = 100003
MOUNTD = 100005

PORTMAP_VERSION = 2
NULL = 0
PORTMAP_DUMP = 4

#: Names of programs, from /etc/rpc.
PROGRAMS = {
    PORTMAP: "portmapper",
    100001: "rstatd",
    100002: "rusersd",
    NFS: "nfs",
    100004: "ypserv",
    MOUNTD: "mountd",
    100007: "ypbind",
    100008: "walld",
    100009: "yppasswdd",
    100011: "rquotad",
    100012: "sprayd",
    100021: "nlockmgr",
    100024: "status",
    100026: "bootparam",
    100069: "fypxfrd",
    100133: "nsm_addrand",
    100227: "nfs_acl",
}

_PROTOCOLS = {6: "tcp", 17: "udp"}

_CALL, _REPLY = 0, 1
_RPC_VERSION = 2
_ACCEPTED, _DENIED = 0, 1
_SUCCESS, _PROGRAM_UNAVAILABLE, _PROGRAM_MISMATCH = 0, 1, 2
_ACCEPT_WORDS = {
    _PROGRAM_UNAVAILABLE: "it does not offer this program",
    _PROGRAM_MISMATCH: "it does not offer this version of the program",
    3: "it does not offer this procedure",
    4: "it could not decode the call",
    5: "it reports an internal error",
}
_RPC_MISMATCH = 0
_LAST_FRAGMENT = 0x80000000
_LONGEST_VERIFIER = 400


class RpcError(Exception):
    """Base class of the errors of this package, beside ExchangeError."""


class RpcGarbageError(RpcError):
    """The reply is not a message of ONC RPC."""


class RpcRefusedError(RpcError):
    """The peer rejected the call, or the call failed."""

    def __init__(self, reason, versions=None):  # type: (str, Optional[Tuple[int, int]]) -> None
        super(RpcRefusedError, self).__init__(reason)
        #: The lowest and highest version of the program, if the peer rejected the version.
        self.versions = versions


class Mapping(NamedTuple):
    """A version of a program, and the port that it listens on."""

    program: int
    version: int
    protocol: str
    port: int

    @property
    def name(self):  # type: () -> str
        """The name in /etc/rpc, or the number."""
        return PROGRAMS.get(self.program, "program %d" % self.program)


def call(xid, program, version, procedure):  # type: (int, int, int, int) -> bytes
    """A call without arguments and without credentials."""
    return struct.pack("!10I", xid, _CALL, _RPC_VERSION, program, version, procedure, 0, 0, 0, 0)


def record(message):  # type: (bytes) -> bytes
    """*message* with the record mark of TCP, as one fragment."""
    return struct.pack("!I", _LAST_FRAGMENT | len(message)) + message


def fragment(header):  # type: (bytes) -> Tuple[int, bool]
    """The length of the fragment after these four bytes, and whether it is the last one."""
    if len(header) != 4:
        raise RpcGarbageError("a fragment's header has four bytes, not %d" % len(header))
    word = struct.unpack("!I", header)[0]
    return word & ~_LAST_FRAGMENT, bool(word & _LAST_FRAGMENT)


class _Reader(object):
    def __init__(self, data):  # type: (bytes) -> None
        self._data = data
        self._at = 0

    def word(self):  # type: () -> int
        """The next unsigned 32-bit integer (XDR, RFC 4506). Raises RpcGarbageError."""
        return struct.unpack("!I", self.take(4))[0]

    def take(self, size):  # type: (int) -> bytes
        """The next *size* bytes. Raises RpcGarbageError if there are fewer."""
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise RpcGarbageError("the answer is truncated")
        self._at += size
        return taken

    def rest(self):  # type: () -> bytes
        """The bytes that were not read yet."""
        return self._data[self._at :]


def is_reply(data, xid):  # type: (bytes, int) -> bool
    """Whether *data* is a reply to the call *xid*, successful or not."""
    return data[:8] == struct.pack("!II", xid, _REPLY)


def parse_reply(data, xid):  # type: (bytes, int) -> bytes
    """The results in the reply to the call *xid*. Raises RpcRefusedError and RpcGarbageError."""
    reader = _Reader(data)
    if reader.word() != xid or reader.word() != _REPLY:
        raise RpcGarbageError("the answer is not an RPC reply to the call")
    status = reader.word()
    if status == _DENIED:
        if reader.word() == _RPC_MISMATCH:
            raise RpcRefusedError("it supports only the RPC versions %d to %d" % (reader.word(), reader.word()))
        raise RpcRefusedError("it rejects the credentials of the call (%d)" % reader.word())
    if status != _ACCEPTED:
        raise RpcGarbageError("the RPC reply has the unknown status %d" % status)
    _flavor, length = reader.word(), reader.word()
    if length > _LONGEST_VERIFIER:
        raise RpcGarbageError("the RPC reply has a verifier of %d bytes" % length)
    reader.take(length + -length % 4)
    accepted = reader.word()
    if accepted == _PROGRAM_MISMATCH:
        versions = reader.word(), reader.word()
        raise RpcRefusedError("it offers only the versions %d to %d of the program" % versions, versions)
    if accepted != _SUCCESS:
        if accepted not in _ACCEPT_WORDS:
            raise RpcGarbageError("the RPC reply has the unknown result %d" % accepted)
        raise RpcRefusedError(_ACCEPT_WORDS[accepted])
    return reader.rest()


def parse_dump(data):  # type: (bytes) -> List[Mapping]
    """The mappings in the results of PMAPPROC_DUMP, for TCP and UDP only. Raises RpcGarbageError."""
    reader = _Reader(data)
    mappings = []
    while True:
        follows = reader.word()
        if follows == 0:
            break
        if follows != 1:
            raise RpcGarbageError("the list of programs is invalid")
        program, version, protocol, port = (reader.word() for _field in range(4))
        if port > 65535:
            raise RpcGarbageError("program %d: %d is not a port" % (program, port))
        if protocol in _PROTOCOLS:
            mappings.append(Mapping(program, version, _PROTOCOLS[protocol], port))
    if reader.rest():
        raise RpcGarbageError("%d bytes follow the list of programs" % len(reader.rest()))
    return mappings
