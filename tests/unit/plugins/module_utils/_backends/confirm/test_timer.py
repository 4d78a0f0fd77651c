# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that stays on the host: how it is started, what it waits for, and what it answers the controller."""

from __future__ import annotations

import contextlib
import json
import os
import sys

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import timer
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.commit import Host
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import Pending
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host import background
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import Endpoints, parse_address
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._backends.confirm.test_commit import (
    FRESH,
    STAGED,
    Firewall,
)


class Clock:
    """A time of its own, which passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert len(self.slept) < 1000, "it never ends"
        self.slept.append(seconds)
        self.now += seconds
        self.meanwhile()


@pytest.fixture
def firewall(tmp_path: Path, clock: Clock) -> Firewall:
    firewall = Firewall(tmp_path)
    firewall.name = "test"
    firewall.host = firewall.host._replace(clock=clock.monotonic)
    return firewall


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def host(firewall: Firewall) -> Host:
    return firewall.host


def staged(firewall: Firewall) -> Pending:
    """A candidate that has 60 seconds."""
    firewall.stage(60)
    pending = firewall.host.state.pending()
    assert pending is not None
    pending = pending._replace(id="id")
    firewall.host.state.set_pending(pending)
    firewall.host.state.arm("id")
    return pending


OLD, NEW = ("committed", "committed"), ("committed", "candidate")


class TestArming:
    @pytest.fixture(autouse=True)
    def _time(self, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(timer, "time", clock)
        # A long breath, so that the test can count them.
        monkeypatch.setattr(clock, "sleep", lambda seconds: Clock.sleep(clock, 5.0))
        monkeypatch.setattr(timer, "program", lambda module: b"the program of " + module.encode())

    @pytest.fixture
    def started(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        calls: list[Any] = []
        monkeypatch.setattr(background, "start", lambda *arguments: calls.append(arguments))
        return calls

    def test_it_is_over_when_the_timer_watches(self, host: Host, clock: Clock, started: list[Any]) -> None:
        programs = Programs()
        clock.meanwhile = lambda: host.state.arm("id")
        timer.arm(programs, host, "id")
        assert clock.slept == [5.0]
        kept = ("Restart=on-failure", "RestartSec=1", "OOMScoreAdjust=-1000")
        assert started == [
            (programs, timer.command(host.state, "wait", "id"), "jsa-ports-timer-id", *kept),
            (programs, timer.command(host.state, "wait", "id", "5"), "jsa-ports-timer-id-second", *kept),
        ]
        assert Path(host.state.program).read_bytes() == b"the program of test"

    def test_a_timer_may_take_fifteen_seconds_to_start(self, host: Host, clock: Clock, started: list[Any]) -> None:
        clock.meanwhile = lambda: host.state.arm("id") if clock.now > 1015 else None
        timer.arm(Programs(), host, "id")
        assert clock.now == 1020

    def test_one_that_watches_another_candidate_is_not_ours(self, host: Host, clock: Clock, started: list[Any]) -> None:
        host.state.arm("another")
        with pytest.raises(FirewallError, match=r"the timer did not start \(.* wait id\)\. Nothing was written"):
            timer.arm(Programs(), host, "id")
        assert clock.now == 1020

    def test_one_that_cannot_be_started(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        def start(*arguments: object) -> None:
            raise OSError(12, "Cannot allocate memory")

        monkeypatch.setattr(background, "start", start)
        with pytest.raises(FirewallError, match=r"cannot be started: .*Cannot allocate memory.* Nothing was written"):
            timer.arm(Programs(), host, "id")

    def test_the_command_needs_python_and_the_program(self, host: Host) -> None:
        assert timer.command(host.state, "wait", "id") == [
            sys.executable, "-I", "-S", host.state.folder + "/timer.pyz", "wait", "id",
        ]  # fmt: skip


class TestWaiting:
    @pytest.fixture(autouse=True)
    def pending(self, firewall: Firewall) -> Pending:
        pending = staged(firewall)
        firewall.host.state.arm("")
        return pending

    def wait(self, host: Host, clock: Clock, entered: Callable[[], None] = lambda: None) -> None:
        @contextlib.contextmanager
        def locked() -> Iterator[None]:
            entered()
            yield

        timer.wait(host, "id", locked, clock.sleep)

    def test_it_says_that_it_watches_and_goes_back_in_time(
        self, host: Host, clock: Clock, firewall: Firewall, pending: Pending
    ) -> None:
        host.state.set_pending(pending._replace(deadline=1002.5))
        self.wait(host, clock)
        assert host.state.armed() == "id"
        assert clock.slept == [1.0, 1.0, 0.5]
        assert firewall.both() == OLD
        assert host.state.pending() is None

    def test_a_candidate_of_somebody_else_is_none_of_its_business(
        self, host: Host, clock: Clock, firewall: Firewall, pending: Pending
    ) -> None:
        host.state.set_pending(pending._replace(id="another", deadline=0.0))
        self.wait(host, clock)
        assert (clock.slept, firewall.both()) == ([], NEW)

    @pytest.mark.parametrize("another", [False, True])
    def test_what_was_settled_by_the_run_that_held_the_lock(
        self, host: Host, clock: Clock, firewall: Firewall, pending: Pending, another: bool
    ) -> None:
        def settle() -> None:
            confirming.record(host, pending, "it was not confirmed", "back")
            host.state.remove_pending()
            if another:
                host.state.set_pending(pending._replace(id="another", deadline=0.0))

        self.wait(host, clock, settle)
        assert firewall.both() == NEW
        assert (host.state.pending() is not None) == another

    def test_a_deadline_that_was_put_off_meanwhile(
        self, host: Host, clock: Clock, firewall: Firewall, pending: Pending
    ) -> None:
        self.wait(host, clock, lambda: host.state.set_pending(pending._replace(deadline=1100.0)))
        assert clock.now == 1100
        assert firewall.both() == OLD

    def test_a_run_that_holds_the_lock_is_waited_for(self, host: Host, clock: Clock, firewall: Firewall) -> None:
        refusals = [FirewallError("another run")] * 2

        def refuse() -> None:
            if refusals:
                raise refusals.pop()

        self.wait(host, clock, refuse)
        assert clock.slept[60:] == [5, 5]
        assert firewall.both() == OLD

    def test_what_cannot_be_taken_back_is_tried_again(
        self, host: Host, clock: Clock, firewall: Firewall, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(timer.confirming, "_PATIENCE", 0.0)
        firewall.trouble = [FirewallError("no")] * 2
        self.wait(host, clock)
        assert clock.slept[60:] == [5, 5]
        assert firewall.both() == OLD


@pytest.mark.parametrize(
    ("endpoints", "text"),
    [(None, None), (("10.0.0.250", 50001, "10.0.0.1", 22), "10.0.0.250 50001 10.0.0.1 22")],
)
def test_a_session_is_written_as_sshd_does(
    monkeypatch: pytest.MonkeyPatch, endpoints: tuple[str, int, str, int] | None, text: str | None
) -> None:
    found = None
    if endpoints:
        client, server = parse_address(endpoints[0]), parse_address(endpoints[2])
        assert client and server
        found = Endpoints(client, endpoints[1], server, endpoints[3])
    monkeypatch.setattr(timer, "find_ssh_endpoints", lambda: found)
    assert timer.session() == text


class TestAnswers:
    @pytest.fixture(autouse=True)
    def _ours(self, host: Host, firewall: Firewall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        staged(firewall)
        monkeypatch.setattr(timer, "lock_path", lambda name: str(tmp_path / (name + ".lock")))
        monkeypatch.setattr(timer, "session", lambda: FRESH)
        monkeypatch.setattr(timer, "state_of", lambda name: host.state)

    def test_a_confirmation(self, host: Host, firewall: Firewall) -> None:
        assert timer.answer(host, ["confirm", "id"]) == {"ok": True}
        assert firewall.both() == ("candidate", "candidate")

    def test_a_confirmation_that_is_refused(
        self, host: Host, firewall: Firewall, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(timer, "session", lambda: STAGED)
        told = timer.answer(host, ["confirm", "id"])
        assert told["ok"] is False and "does not prove" in told["msg"] and told["msg"].endswith("back")
        assert firewall.both() == OLD

    @pytest.mark.parametrize(
        ("trouble", "told"),
        [
            ([], {"ok": True, "msg": "back"}),
            ([FirewallError("no")], {"ok": False, "msg": "The rollback to the committed rules failed: no"}),
        ],
    )
    def test_going_back(
        self, host: Host, firewall: Firewall, trouble: list[Exception], told: dict[str, object]
    ) -> None:
        firewall.trouble = list(trouble)
        assert timer.answer(host, ["abort", "id", "a probe failed"]) == told
        result = host.state.last_result()
        assert result is not None and result.why == "a probe failed"

    def test_whatever_goes_wrong_is_an_answer(
        self, host: Host, firewall: Firewall, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The controller takes the candidate back then, and says why."""

        def odd(_texts: object) -> list[str]:
            raise KeyError

        monkeypatch.setattr(firewall, "prove", odd)
        assert timer.answer(host, ["confirm", "id"]) == {"ok": False, "msg": "KeyError()"}
        assert timer.answer(host, ["abort", "id", "KeyError()"])["ok"]
        assert firewall.both() == OLD

    def test_nothing_to_confirm(self, host: Host) -> None:
        told = timer.answer(host, ["confirm", "another"])
        assert told == {"ok": False, "msg": "the candidate is no longer pending"}

    def test_the_program_answers_in_one_line(
        self, firewall: Firewall, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        masks: list[int] = []
        monkeypatch.setattr(os, "umask", masks.append)
        monkeypatch.setattr(sys, "argv", ["timer.pyz", "abort", "another", "why"])
        timer.main(firewall)
        assert masks == [0o077]
        told = capsys.readouterr().out
        assert told.endswith("\n") and json.loads(told)["ok"] is False

    def test_the_program_waits_from_the_root_folder(
        self, host: Host, firewall: Firewall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """So that it keeps no file system busy that somebody wants to unmount."""
        calls: list[Any] = []
        monkeypatch.setattr(os, "umask", lambda mask: None)
        monkeypatch.setattr(os, "chdir", calls.append)

        def wait(one: Host, identity: str, locked: Callable[[], Any], later: float) -> None:
            with locked():
                calls.append((one.backend, one.state, identity, (tmp_path / "test.lock").exists(), later))

        monkeypatch.setattr(timer, "wait", wait)
        survived: list[None] = []
        monkeypatch.setattr(timer, "_survive", lambda: survived.append(None))
        for words, later in ([], 0.0), (["5"], 5.0):
            monkeypatch.setattr(sys, "argv", ["timer.pyz", "wait", "id", *words])
            timer.main(firewall)
            assert calls == ["/", (firewall, host.state, "id", True, later)]
            calls.clear()
        assert len(survived) == 2
