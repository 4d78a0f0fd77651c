# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said to the kernel; that it does so is seen in the lab, where the program ipset is removed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import kernel_sets
from ansible_collections.jsa.ports.plugins.module_utils._host import netlink


def test_each_set_is_named_and_one_that_cannot_go_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int, bytes, int]] = []

    def ask(protocol: int, kind: int, payload: bytes, flags: int) -> Iterator[tuple[int, bytes]]:
        told.append((protocol, kind, payload, flags))
        if b"jsa-a-4" in payload:
            raise OSError(2, "No such file or directory")
        yield from ()

    monkeypatch.setattr(netlink, "ask", ask)
    kernel_sets.destroy(["jsa-a-4", "jsa-b-6"])
    assert [(protocol, kind, flags) for protocol, kind, _payload, flags in told] == [(12, 0x603, 4)] * 2
    names = [netlink.attributes(payload[4:])[2] for _protocol, _kind, payload, _flags in told]
    assert names == [b"jsa-a-4\0", b"jsa-b-6\0"]
    # Of no family in particular, as in all requests about sets by name; the rest of the header is empty.
    assert {payload[:4] for _protocol, _kind, payload, _flags in told} == {b"\x02\0\0\0"}
