# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import threading

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import lock as locks
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


class Clock:
    """A time of its own, which passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        # A second at a time, so that the sums are exact.
        self.now += 1.0


@pytest.mark.parametrize("seconds", [0, 3])
def test_a_lock_is_waited_for_as_long_as_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    clock = Clock()
    monkeypatch.setattr(locks, "time", clock)
    path = tmp_path / "lock"
    with path.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(FirewallError, match=f"for {seconds} seconds"), lock(str(path), seconds):
            raise AssertionError("two runs at once")
    assert clock.slept == [0.1] * seconds


def test_the_file_is_its_owner_s(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        with lock(str(tmp_path / "lock")):
            assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(mask)


def test_each_backend_has_a_lock_of_its_own() -> None:
    assert locks.lock_path("firewalld") == "/run/jsa_ports_firewalld.lock"


def test_a_lock_that_cannot_be_asked_for_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(OSError, match="No locks available"), lock(str(tmp_path / "lock")):
        raise AssertionError("no lock, and it went on")
