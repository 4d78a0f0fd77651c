# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last line of defence: it goes back whatever was removed, damaged, killed or stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import lock as locks
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import timer
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import Commit
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._backends.confirm.test_commit import (
    FRESH,
    Firewall,
    run_timer,
)

OLD, NEW = ("committed", "committed"), ("committed", "candidate")


@pytest.fixture
def firewall(tmp_path: Path) -> Firewall:
    return Firewall(tmp_path)


def pending_file(firewall: Firewall) -> Path:
    return Path(firewall.host.state.folder) / "pending.json"


def while_it_waits(firewall: Firewall, identity: str, happens: Callable[[], object]) -> float:
    """Runs the timer; *happens* after 10 of its 60 seconds. The clock at its end."""
    done = False

    def sleep(seconds: float) -> None:
        nonlocal done
        firewall.clock.now += seconds
        if firewall.clock.now >= 1010 and not done:
            done = True
            happens()

    @contextlib.contextmanager
    def lock() -> Iterator[None]:
        yield

    timer.wait(firewall.host, identity, lock, sleep)
    return firewall.clock.now


def damages() -> dict[str, Callable[[Path], object]]:
    def change(**fields: object) -> Callable[[Path], object]:
        return lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    return {
        "deleted": lambda path: path.unlink(),
        "truncated": lambda path: path.write_bytes(path.read_bytes()[:40]),
        "emptied": lambda path: path.write_bytes(b""),
        "garbage": lambda path: path.write_bytes(b"\xff\x00garbage"),
        "nested": lambda path: path.write_text("[" * 100000),
        "another form": lambda path: path.write_text("[1, 2]"),
        "deadline is a text": change(deadline="soon"),
        "deadline is too large for a clock": change(deadline=10**400),
        "deadline is no number": change(deadline=float("nan")),
        "before is a list": change(before=[]),
        "before has numbers": change(before={"rules": 3}),
        "a field too many": change(more=1),
    }


@pytest.mark.parametrize("damage", damages().values(), ids=damages().keys())
def test_a_candidate_whose_state_is_lost_is_taken_back_at_once(
    firewall: Firewall, damage: Callable[[Path], object]
) -> None:
    identity = firewall.stage(60)
    ended_at = while_it_waits(firewall, identity, lambda: damage(pending_file(firewall)))
    assert firewall.both() == OLD
    assert ended_at < 1015
    result = confirming.unreported(firewall.host)
    assert result is not None and result.why == "its state on the host was removed or damaged"


@pytest.mark.parametrize("error", [TypeError("a set where a name was expected"), IndexError(), KeyError("x")])
def test_what_a_backend_raises_does_not_end_the_timer(
    firewall: Firewall, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "_PATIENCE", 0.0)
    identity = firewall.stage(60)
    firewall.trouble = [error, error]
    run_timer(firewall, identity)
    assert firewall.both() == OLD


def test_what_an_error_quotes_does_not_end_the_timer(firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's log takes neither a zero byte nor half of a character, as a file of others may have."""
    monkeypatch.setattr(confirming, "_PATIENCE", 0.0)
    identity = firewall.stage(60)
    firewall.trouble = [FirewallError("a rule of others: \x00 \udcff \x1b[2J")]
    outcome = confirming.abort(firewall.host, identity, "no \x00")
    assert not outcome.done
    result = firewall.host.state.last_result()
    assert result is not None
    assert result.why == "no \\x00"
    assert result.outcome.endswith("a rule of others: \\x00 \\udcff \\x1b[2J")
    run_timer(firewall, identity)
    assert firewall.both() == OLD


def test_a_disk_that_is_full_does_not_end_the_timer(firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = firewall.stage(60)
    failures = [OSError(28, "No space left on device")]
    expire = confirming.expire

    def full(*arguments: object, **more: object) -> object:
        if failures:
            raise failures.pop()
        return expire(*arguments, **more)

    monkeypatch.setattr(confirming, "expire", full)
    run_timer(firewall, identity)
    assert firewall.both() == OLD


def test_the_second_timer_leaves_it_to_the_first(firewall: Firewall) -> None:
    identity = firewall.stage(60)
    went_back: list[float] = []
    back = firewall.go_back

    def go_back(*arguments: dict[str, str]) -> object:
        went_back.append(firewall.clock.now)
        return back(*arguments)

    firewall.go_back = go_back  # type: ignore[method-assign, assignment]

    @contextlib.contextmanager
    def lock() -> Iterator[None]:
        yield

    def sleep(seconds: float) -> None:
        firewall.clock.now += seconds
        if 1061 < firewall.clock.now < 1062.5:
            run_timer(firewall, identity)

    timer.wait(firewall.host, identity, lock, sleep, later=5.0)
    assert len(went_back) == 1


def test_the_second_timer_goes_back_where_the_first_was_killed(firewall: Firewall) -> None:
    identity = firewall.stage(60)

    @contextlib.contextmanager
    def lock() -> Iterator[None]:
        yield

    def sleep(seconds: float) -> None:
        firewall.clock.now += seconds

    timer.wait(firewall.host, identity, lock, sleep, later=5.0)
    assert firewall.both() == OLD
    assert 1065 <= firewall.clock.now < 1067


class TestAConfirmationWhoseAnswerIsLost:
    def test_it_is_told_as_confirmed(self, firewall: Firewall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(timer, "lock_path", lambda name: str(tmp_path / "lock"))
        identity = firewall.stage(60)
        confirming.confirm(firewall.host, identity, FRESH)
        told = timer.answer(firewall.host, ["abort", identity, "the answer was lost"])
        assert told == {"ok": False, "confirmed": True, "msg": "The rules were already confirmed and are kept"}
        assert firewall.files == "candidate"

    def test_a_second_confirmation_changes_nothing(self, firewall: Firewall) -> None:
        identity = firewall.stage(60)
        first = confirming.confirm(firewall.host, identity, FRESH)
        assert confirming.confirm(firewall.host, identity, FRESH) == first
        assert firewall.files == "candidate"

    def test_while_it_waits_it_is_not_confirmed_whatever_the_history_says(self, firewall: Firewall) -> None:
        identity = firewall.stage(60)
        confirming.remember(firewall.host.state, identity, None, {"rules": "committed"}, {"rules": "candidate"})
        assert not confirming.confirmed(firewall.host, identity)
        confirming.abort(firewall.host, identity, "no answer")
        assert firewall.both() == OLD
        assert not confirming.confirmed(firewall.host, identity)

    def test_a_restart_between_the_history_and_the_end(self, firewall: Firewall) -> None:
        """Files and history are the candidate's: the host has started with it, and nothing was rolled back."""
        identity = firewall.stage(60)
        firewall.write({"rules": "candidate"})
        confirming.remember(firewall.host.state, identity, None, {"rules": "committed"}, {"rules": "candidate"})
        firewall.boot.write_text("boot-2\n")
        confirming.settle(firewall.host)
        assert confirming.unreported(firewall.host) is None
        assert firewall.both() == ("candidate", "candidate")
        assert confirming.confirmed(firewall.host, identity)

    def test_a_restart_between_the_files_and_the_history(self, firewall: Firewall) -> None:
        """Some files may be the candidate's, and nobody has confirmed it."""
        firewall.stage(60)
        firewall.write({"rules": "candidate"})
        firewall.boot.write_text("boot-2\n")
        confirming.settle(firewall.host)
        assert firewall.both() == OLD
        result = confirming.unreported(firewall.host)
        assert result is not None and "in the middle of a change" in result.why


def test_a_run_that_was_stopped_until_the_timer_went_back_loads_nothing(firewall: Firewall) -> None:
    load = firewall.load

    def slow() -> bool:
        firewall.clock.now += 61
        run_timer(firewall, firewall.host.state.armed())
        return load()

    firewall.load = slow  # type: ignore[method-assign]
    with pytest.raises(FirewallError, match=r"not loaded in time\. back"):
        firewall.stage(60)
    assert firewall.both() == OLD
    assert firewall.host.state.pending() is None


HOLDER = """
import fcntl, os, signal, sys
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
signal.pause()
"""


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    path = str(tmp_path / "lock")
    holders: list[subprocess.Popen[str]] = []

    def hold(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", HOLDER, path, *words], stdout=subprocess.PIPE, text=True)
        holders.append(process)
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        return process

    yield path, hold  # type: ignore[misc]
    for process in holders:
        process.kill()
        process.communicate()


def test_who_holds_the_lock_is_known(held) -> None:
    path, hold = held
    assert locks.holder(path) is None
    process = hold()
    assert locks.holder(path) == process.pid


def test_a_holder_that_was_stopped_is_ended(held, firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
    path, hold = held
    process = hold()
    os.kill(process.pid, signal.SIGSTOP)
    monkeypatch.setattr(timer, "lock_path", lambda name: path)
    monkeypatch.setattr(timer, "_GRACE", 0.3)
    started = time.monotonic()
    with timer.insistent_lock(firewall, "/nowhere/timer.pyz"):
        assert process.wait(5) == -signal.SIGKILL
        assert locks.holder(path) == os.getpid()
    assert 0.3 <= time.monotonic() - started < 10


def test_another_timer_is_left_alone(held, firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
    path, hold = held
    process = hold("/var/lib/jsa_ports/firewalld/timer.pyz", "wait", "id")
    monkeypatch.setattr(timer, "lock_path", lambda name: path)
    monkeypatch.setattr(timer, "_GRACE", 0.2)
    with pytest.raises(locks.LockedError), timer.insistent_lock(firewall, "/var/lib/jsa_ports/firewalld/timer.pyz"):
        pytest.fail("it got the lock")
    assert process.poll() is None


def test_a_lock_that_is_given_up_in_time_ends_nobody(held, firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
    path, hold = held
    process = hold()
    monkeypatch.setattr(timer, "lock_path", lambda name: path)
    monkeypatch.setattr(timer, "_GRACE", 0.1)
    threading.Timer(0.3, process.terminate).start()
    with timer.insistent_lock(firewall, "/nowhere/timer.pyz"):
        assert process.wait(5) == -signal.SIGTERM


def test_a_holder_that_hangs_is_ended_later(held, firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
    path, hold = held
    process = hold()
    monkeypatch.setattr(timer, "lock_path", lambda name: path)
    monkeypatch.setattr(timer, "_GRACE", 0.1)
    monkeypatch.setattr(timer, "_LONGEST_GRACE", 0.6)
    started = time.monotonic()
    with timer.insistent_lock(firewall, "/nowhere/timer.pyz"):
        assert process.wait(5) == -signal.SIGKILL
    assert 0.6 <= time.monotonic() - started < 10


def test_one_damaged_commit_costs_no_other(firewall: Firewall) -> None:
    good = Commit("id", "now", None, "digest", {"rules": "committed"})
    firewall.host.state.set_history([good])
    path = Path(firewall.host.state.folder) / "history.json"
    content = json.loads(path.read_text())
    content["commits"] += [{"id": 3}, "no commit", {**content["commits"][0], "files": {"rules": None}}]
    path.write_text(json.dumps(content))
    assert firewall.host.state.history() == [good]
