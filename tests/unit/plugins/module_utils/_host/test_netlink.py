# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Netlink's messages and attributes, and a kernel that refuses."""

from __future__ import annotations

import errno
import struct

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._host import netlink


@given(st.dictionaries(st.integers(0, 0x3FFF), st.binary(max_size=40), max_size=8))
def test_attributes_round_trip(found: dict[int, bytes]) -> None:
    data = b"".join(netlink.attribute(kind, value) for kind, value in found.items())
    assert netlink.attributes(data) == found


@given(st.binary(max_size=200))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    netlink.attributes(data)
    list(netlink.split_messages(data))


def test_flags_of_an_attribute_are_no_part_of_its_type() -> None:
    assert netlink.attributes(struct.pack("=HH4s", 8, 0x8000 | 7, b"abcd")) == {7: b"abcd"}


def test_a_message_that_is_cut_off_is_left_out() -> None:
    whole = struct.pack("=IHHII", 20, 24, 2, 1, 0) + b"body"
    assert list(netlink.split_messages(whole + whole[:-1])) == [(24, 2, b"body")]


def test_a_refusal_is_an_error_of_the_system() -> None:
    get_route = 26
    with pytest.raises(OSError) as caught:
        list(netlink.ask(netlink.ROUTE, get_route, b"\xff" * 12))
    assert caught.value.errno in (errno.EINVAL, errno.EAFNOSUPPORT, errno.EOPNOTSUPP)


def test_a_dump_ends() -> None:
    get_link, new_link = 18, 16
    answers = list(netlink.ask(netlink.ROUTE, get_link, b"\0" * 16, netlink.DUMP))
    assert answers and {kind for kind, _body in answers} == {new_link}
