# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ONC RPC in bytes."""

from __future__ import annotations

import struct

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.rpc import message as rpc

XID = 0x01020304


def words(*numbers: int) -> bytes:
    return struct.pack(f"!{len(numbers)}I", *numbers)


GOOD = words(XID, 1, 0, 0, 0, 0)


def test_a_call_as_the_standard_has_it() -> None:
    assert rpc.call(XID, rpc.PORTMAP, 2, rpc.PORTMAP_DUMP) == words(XID, 0, 2, 100000, 2, 4, 0, 0, 0, 0)
    assert rpc.record(b"abc") == b"\x80\x00\x00\x03abc"
    assert rpc.fragment(b"\x80\x00\x00\x03") == (3, True)
    assert rpc.fragment(b"\x00\x00\x01\x00") == (256, False)


@pytest.mark.parametrize(
    ("reply", "results"),
    [
        (GOOD, b""),
        (GOOD + b"rest", b"rest"),
        # A verifier is filled up to four bytes.
        (words(XID, 1, 0, 1, 5) + b"12345\0\0\0" + words(0) + b"rest", b"rest"),
    ],
)
def test_a_reply(reply: bytes, results: bytes) -> None:
    assert rpc.parse_reply(reply, XID) == results


@pytest.mark.parametrize(
    ("reply", "says", "versions"),
    [
        (words(XID, 1, 0, 0, 0, 1), "does not offer this program", None),
        (words(XID, 1, 0, 0, 0, 2, 3, 4), "versions 3 to 4", (3, 4)),
        (words(XID, 1, 0, 0, 0, 3), "does not offer this procedure", None),
        (words(XID, 1, 0, 0, 0, 5), "internal error", None),
        (words(XID, 1, 1, 0, 2, 2), "RPC versions 2 to 2", None),
        (words(XID, 1, 1, 1, 5), "credentials", None),
    ],
)
def test_a_refusal(reply: bytes, says: str, versions: tuple[int, int] | None) -> None:
    with pytest.raises(rpc.RpcRefusedError, match=says) as error:
        rpc.parse_reply(reply, XID)
    assert error.value.versions == versions


@pytest.mark.parametrize(
    "reply",
    [b"", GOOD[:-1], words(XID + 1, 1, 0, 0, 0, 0), words(XID, 0, 0, 0, 0, 0), words(XID, 1, 2),
     words(XID, 1, 0, 0, 0, 9), words(XID, 1, 0, 0, 4000, 0), words(XID, 1, 0, 0, 8) + b"1234"],
)  # fmt: skip
def test_no_reply(reply: bytes) -> None:
    with pytest.raises(rpc.RpcGarbageError):
        rpc.parse_reply(reply, XID)


def test_a_dump() -> None:
    data = words(1, 100000, 4, 6, 111, 1, 100005, 3, 17, 20048, 1, 100003, 4, 132, 2049, 1, 4711, 1, 6, 0, 0)
    assert [(item.name, item.version, item.protocol, item.port) for item in rpc.parse_dump(data)] == [
        ("portmapper", 4, "tcp", 111),
        ("mountd", 3, "udp", 20048),
        ("program 4711", 1, "tcp", 0),
    ]


@pytest.mark.parametrize("data", [b"", words(1, 2, 3), words(2), words(1, 1, 1, 6, 65536, 0), words(0, 0)])
def test_no_dump(data: bytes) -> None:
    with pytest.raises(rpc.RpcGarbageError):
        rpc.parse_dump(data)


NUMBERS = st.lists(st.sampled_from([0, 1, 2, 3, 5, 6, 17, 111, 100000, 2**32 - 1, XID]) | st.integers(0, 2**32 - 1))


@given(st.binary() | NUMBERS.map(lambda numbers: words(*numbers)), st.booleans())
def test_whatever_comes_only_its_own_errors_leave(data: bytes, tail: bool) -> None:
    for read in (lambda: rpc.parse_reply(words(XID, 1) * tail + data, XID), lambda: rpc.parse_dump(data),
                 lambda: rpc.fragment(data)):  # fmt: skip
        try:
            read()
        except rpc.RpcError:
            continue
