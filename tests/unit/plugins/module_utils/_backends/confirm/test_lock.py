# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time."""

from __future__ import annotations

import fcntl
import threading

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.lock import lock
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError


def test_a_second_run_waits_for_the_first(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    order = []
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with lock(path, 10):
            order.append("second")

    with lock(path, 10):
        thread = threading.Thread(target=second)
        thread.start()
        entered.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_lock_that_is_never_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(FirewallError, match="another run has held the lock"), lock(str(path), 0.2):
            raise AssertionError("two runs at once")


def test_the_lock_is_no_link_to_somewhere_else(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(FirewallError, match="cannot take the lock"), lock(str(tmp_path / "lock")):
        raise AssertionError("followed a link")
    assert not (tmp_path / "precious").exists()
