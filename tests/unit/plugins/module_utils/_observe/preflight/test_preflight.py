# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line that a listener says, what it is asked, and which ports stand for a range."""

from __future__ import annotations

import subprocess
import sys

from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._host.zipapp import pack
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight import control
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.request import (
    WIDEST_RANGE,
    RequestError,
    read_request,
    sample,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.watch import parse_packet
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.handshake import (
    QUESTION,
    Answer,
    deserves,
    read_answer,
    write_answer,
)

ANSWER = Answer("0123456789abcdef", "ep 1 é", "fd77::11", 40000)


def test_what_is_written_is_read() -> None:
    assert read_answer(write_answer(ANSWER)) == ANSWER
    assert deserves(QUESTION, write_answer(ANSWER))
    assert not deserves(QUESTION[:40], write_answer(ANSWER))


@given(st.binary())
def test_anything_else_is_nobodys(data: bytes) -> None:
    assert read_answer(data) is None


@given(st.binary(), st.booleans())
def test_any_packet(data: bytes, outgoing: bool) -> None:
    parse_packet(data, outgoing)


@given(st.integers(1, 65535), st.integers(0, 65534))
def test_a_range_has_both_ends_and_few_between(first: int, width: int) -> None:
    last = min(65535, first + width)
    ports = sample(first, last)
    assert (ports[0], ports[-1]) == (first, last)
    assert len(set(ports)) == len(ports) == min(WIDEST_RANGE, last - first + 1)


def test_every_mistake_in_one_message() -> None:
    wrong = {"token": "short", "host": "", "name": "../x", "seconds": 0, "addresses": ["x"], "listeners": [{}]}
    with pytest.raises(RequestError) as refused:
        read_request(wrong)
    for part in ("token", "host", "name", "seconds", "addresses", "listeners[0].protocol", "listeners[0].ports"):
        assert part in str(refused.value)


def test_the_program_needs_nothing_that_is_not_packed(tmp_path: Path) -> None:
    """Without this collection, Ansible, or anything installed: what a module imports has to be in the list."""
    program = tmp_path / "program.pyz"
    program.write_bytes(pack("from %s import main\n" % control.server.__name__, control._PROGRAM))
    told = subprocess.run([sys.executable, "-I", "-S", program], capture_output=True, text=True, cwd="/", check=False)
    assert (told.returncode, told.stderr) == (0, "")
