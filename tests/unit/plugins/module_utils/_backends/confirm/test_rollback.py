# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is staged, confirmed and rolled back, step by step: what is remembered, who is told, and how long it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Candidate, RolledBack
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import state as states
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.commit import NotConfirmed, Origin
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import Commit, State
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._backends.confirm.test_commit import (
    FRESH,
    STAGED,
    Firewall,
)


@pytest.fixture
def firewall(tmp_path: Path) -> Firewall:
    return Firewall(tmp_path)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(str(tmp_path / "state"), str(tmp_path / "armed"))


def test_before_it_is_loaded_the_timer_knows_all_that_it_needs(firewall: Firewall) -> None:
    """Whoever is killed while it loads: the deadline is there, and counts anew once it is loaded."""
    seen: list[Any] = []

    def load() -> bool:
        firewall.clock.now += 7
        return firewall.load()

    def arm(identity: str) -> None:
        seen.append(firewall.host.state.pending())
        firewall.host.state.arm(identity)

    candidate = Candidate({"rules": "committed"}, {"rules": "candidate"}, load)
    origin = Origin("10.0.0.250", STAGED)
    pending, _reloaded = confirming.stage(firewall.host, candidate, 60, origin, arm)
    texts = ({"rules": "committed"}, {"rules": "candidate"})
    first = states.Pending(pending.id, "boot-1", 1000.0, 1060.0, "10.0.0.250", STAGED, False, *texts)
    assert seen == [first]
    assert pending == first._replace(since=1007.0, deadline=1067.0, loaded=True) == firewall.host.state.pending()
    assert len(pending.id) == 16


def test_what_is_confirmed_is_returned_and_remembered(firewall: Firewall) -> None:
    identity = firewall.stage()
    commit = confirming.confirm(firewall.host, identity, FRESH)
    assert (commit.id, commit.controller, commit.files) == (identity, "10.0.0.250", {"rules": "candidate"})
    first, second = firewall.host.state.history()
    assert second == commit
    assert (first.id, first.controller, first.files) == ("", None, {"rules": "committed"})
    assert first.digest == states.digest(first.files) != second.digest == states.digest(second.files)


def test_a_state_that_is_known_is_not_remembered_twice(state: State) -> None:
    one, two, three = ({"rules": text} for text in ("one", "two", "three"))
    assert confirming.remember(state, "a", None, one, two) == state.history()[-1]
    assert confirming.remember(state, "b", None, two, three) == state.history()[-1]
    assert [commit.files for commit in state.history()] == [one, two, three]


def test_giving_up_goes_back_and_somebody_has_been_told(firewall: Firewall) -> None:
    identity = firewall.stage()
    assert confirming.abort(firewall.host, identity, "a probe failed") == RolledBack(True, False, "back")
    assert firewall.both() == ("committed", "committed")
    assert firewall.host.state.pending() is None
    assert confirming.unreported(firewall.host) is None
    with pytest.raises(NotConfirmed, match=r"^a probe failed\. back$"):
        confirming.abort(firewall.host, identity, "again")
    with pytest.raises(NotConfirmed, match=r"^the candidate is no longer pending$"):
        confirming.abort(firewall.host, "another", "again")


def test_giving_up_that_fails_leaves_it_to_the_timer(firewall: Firewall) -> None:
    identity = firewall.stage()
    firewall.trouble = [FirewallError("no")]
    words = "The rollback to the committed rules failed: no"
    assert confirming.abort(firewall.host, identity, "a probe failed") == RolledBack(False, False, words)
    assert firewall.host.state.pending() is not None


def test_a_refused_confirmation_was_told_to_whoever_asked(firewall: Firewall) -> None:
    identity = firewall.stage()
    with pytest.raises(NotConfirmed, match="does not prove"):
        confirming.confirm(firewall.host, identity, STAGED)
    assert confirming.unreported(firewall.host) is None


@pytest.mark.parametrize(
    ("loaded", "why"), [(True, "it was not confirmed in time"), (False, "the run that loaded it was killed")]
)
def test_what_the_timer_does_is_told_to_the_next_run(firewall: Firewall, loaded: bool, why: str) -> None:
    firewall.stage()
    pending = firewall.host.state.pending()
    assert pending is not None
    assert confirming.unreported(firewall.host) is None
    confirming.expire(firewall.host, pending._replace(loaded=loaded))
    result = confirming.unreported(firewall.host)
    assert result is not None
    assert (result.id, result.controller, result.why, result.outcome) == (pending.id, "10.0.0.250", why, "back")


@pytest.mark.parametrize("seconds", [0, 59])
def test_only_before_its_deadline_a_candidate_waits(firewall: Firewall, seconds: int) -> None:
    firewall.stage(60)
    firewall.clock.now += seconds
    assert confirming.waiting(firewall.host)
    firewall.clock.now += 60 - seconds
    assert confirming.waiting(firewall.host) is None


class TestPatience:
    @pytest.fixture(autouse=True)
    def _time(self, firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
        def sleep(seconds: float) -> None:
            firewall.clock.now += seconds

        monkeypatch.setattr(confirming.time, "sleep", sleep)

    def expire(self, firewall: Firewall) -> RolledBack:
        firewall.stage()
        pending = firewall.host.state.pending()
        assert pending is not None
        return confirming.expire(firewall.host, pending)

    def test_what_works_at_once_takes_no_time(self, firewall: Firewall) -> None:
        assert self.expire(firewall).done
        assert firewall.clock.now == 1000

    def test_a_firewall_that_fails_is_asked_again(self, firewall: Firewall) -> None:
        firewall.stage()
        firewall.trouble = [FirewallError("it restarts"), OSError("no bus")]
        pending = firewall.host.state.pending()
        assert pending is not None
        assert confirming.expire(firewall.host, pending).done
        assert firewall.clock.now == 1001
        assert firewall.both() == ("committed", "committed")

    def test_one_that_does_not_run_may_be_about_to_start(self, firewall: Firewall) -> None:
        firewall.running = False
        assert self.expire(firewall) == RolledBack(True, True, "back")
        assert firewall.clock.now == 1015

    def test_who_is_asked_by_a_person_answers_at_once(self, firewall: Firewall) -> None:
        identity = firewall.stage()
        firewall.running = False
        assert confirming.abort(firewall.host, identity, "why").stopped
        assert firewall.clock.now == 1000


@pytest.mark.parametrize(("controller", "who"), [("10.0.0.250", "10.0.0.250"), (None, "this host")])
def test_the_log_says_what_was_rolled_back(
    firewall: Firewall, monkeypatch: pytest.MonkeyPatch, controller: str | None, who: str
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(confirming.syslog, "syslog", lambda level, text: lines.append(text))
    firewall.stage()
    pending = firewall.host.state.pending()
    assert pending is not None
    confirming.roll_back(firewall.host, pending._replace(controller=controller), "a probe failed")
    assert lines == [f"candidate {pending.id} of {who} was rolled back: a probe failed. back"]
    # Whoever goes back without saying that it was told leaves it to the next run.
    assert confirming.unreported(firewall.host) is not None


def test_a_committed_state_of_a_killed_confirmation_is_forgotten(firewall: Firewall) -> None:
    identity = firewall.stage()
    firewall.host.state.set_history([Commit(identity, "now", None, "digest", {"rules": "candidate"})])
    confirming.abort(firewall.host, identity, "why")
    assert firewall.host.state.history() == []
