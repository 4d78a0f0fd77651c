# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commit confirmed by a clock that the test sets. What real hosts do, the lab's tests see."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import time
import zipfile

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Backend, Candidate, RolledBack
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import state as states
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import timer
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.commit import Host, NotConfirmed, Origin
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import Commit, LastResult, State
from ansible_collections.jsa.ports.plugins.module_utils._errors import ApplyError, FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host import background
from ansible_collections.jsa.ports.plugins.module_utils._host.clock import boot_clock
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._observe.traffic.nft import Nft
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_ruleset

STAGED = "10.0.0.250 50000 10.0.0.1 22"
FRESH = "10.0.0.250 50001 10.0.0.1 22"
FILES = {"policies/jsa-in.xml": "one\udcff"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Firewall(Backend):
    """A host whose rules are one word: what the files say, and what runs."""

    loss = "firewalld was reloaded or restarted"
    module = "test"

    def __init__(self, root: Path) -> None:
        self.clock = Clock()
        self.files, self.runs = "committed", "committed"
        self.running = True
        boot = root / "boot_id"
        boot.write_text("boot-1\n")
        self.boot = boot
        self.host = Host(self, State(str(root / "state"), str(root / "armed"), str(boot)), self.clock)
        self.trouble: list[Exception] = []

    def go_back(self, before: dict[str, str], candidate: dict[str, str]) -> RolledBack:
        if self.trouble:
            raise self.trouble.pop(0)
        self.files = before["rules"]
        if self.running:
            self.runs = self.files
        return RolledBack(True, not self.running, "back")

    def load(self) -> bool:
        if self.trouble:
            raise self.trouble.pop(0)
        self.runs = "candidate"
        return True

    def prove(self, texts: dict[str, str]) -> list[str]:
        return [] if self.runs == texts["rules"] else ["it differs"]

    def write(self, texts: dict[str, str]) -> None:
        self.files = texts["rules"]

    def stage(self, seconds: int = 60, session: str | None = STAGED) -> str:
        candidate = Candidate({"rules": self.files}, {"rules": "candidate"}, self.load)
        origin = Origin("10.0.0.250", session)
        pending, reloaded = confirming.stage(self.host, candidate, seconds, origin, self.host.state.arm)
        assert reloaded
        return pending.id

    def both(self) -> tuple[str, str]:
        return self.files, self.runs


@pytest.fixture
def firewall(tmp_path: Path) -> Firewall:
    return Firewall(tmp_path)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(str(tmp_path / "state"), str(tmp_path / "armed"))


def test_only_what_runs_is_the_candidate(firewall: Firewall) -> None:
    identity = firewall.stage()
    assert firewall.both() == ("committed", "candidate")
    confirming.confirm(firewall.host, identity, FRESH)
    assert firewall.both() == ("candidate", "candidate")
    assert firewall.host.state.pending() is None


@pytest.mark.parametrize(
    ("session", "words"),
    [(STAGED, "does not prove"), (None, "does not prove"), ("nonsense", "does not prove")],
)
def test_what_is_no_new_connection(firewall: Firewall, session: str | None, words: str) -> None:
    identity = firewall.stage()
    with pytest.raises(NotConfirmed, match=words):
        confirming.confirm(firewall.host, identity, session)
    assert firewall.both() == ("committed", "committed")
    assert firewall.host.state.pending() is None


def test_without_ssh_there_is_nothing_to_compare(firewall: Firewall) -> None:
    confirming.confirm(firewall.host, firewall.stage(session=None), None)
    assert firewall.files == "candidate"


def test_too_late(firewall: Firewall) -> None:
    identity = firewall.stage(60)
    firewall.clock.now += 60
    with pytest.raises(NotConfirmed, match="too late"):
        confirming.confirm(firewall.host, identity, FRESH)
    assert firewall.both() == ("committed", "committed")


def test_what_runs_has_changed_meanwhile(firewall: Firewall) -> None:
    identity = firewall.stage()
    firewall.runs = "somebody else's"
    with pytest.raises(NotConfirmed, match="differ from the candidate"):
        confirming.confirm(firewall.host, identity, FRESH)
    assert firewall.both() == ("committed", "committed")


def test_another_candidate_is_not_confirmed(firewall: Firewall) -> None:
    firewall.stage()
    with pytest.raises(NotConfirmed, match="no longer pending"):
        confirming.confirm(firewall.host, "another", FRESH)
    assert firewall.both() == ("committed", "candidate")


def test_a_run_while_one_waits_is_told_who_and_how_long(firewall: Firewall) -> None:
    firewall.stage(60)
    firewall.clock.now += 20
    with pytest.raises(FirewallError, match=r"the controller 10.0.0.250 loaded 20 seconds ago .* within 41 seconds"):
        confirming.settle(firewall.host)


def test_a_timer_that_is_gone_is_made_up_for(firewall: Firewall) -> None:
    firewall.stage(60)
    firewall.clock.now += 61
    confirming.settle(firewall.host)
    assert firewall.both() == ("committed", "committed")
    result = confirming.unreported(firewall.host)
    assert result is not None
    assert "its timer is gone" in result.why


def test_rules_that_cannot_be_taken_back_end_the_next_run(firewall: Firewall) -> None:
    firewall.stage(60)
    firewall.clock.now += 61
    firewall.trouble = [FirewallError("no")]
    with pytest.raises(FirewallError, match="could not be rolled back"):
        confirming.settle(firewall.host)
    assert firewall.host.state.pending() is not None


@pytest.mark.parametrize("memory", ["boot_id", "run"], ids=["another boot", "a container starts anew"])
def test_after_a_restart_nothing_waits(firewall: Firewall, memory: str, tmp_path: Path) -> None:
    firewall.stage(60)
    if memory == "boot_id":
        firewall.boot.write_text("boot-2\n")
    else:
        (tmp_path / "armed").unlink()
    firewall.runs = firewall.files
    confirming.settle(firewall.host)
    result = confirming.unreported(firewall.host)
    assert result is not None
    assert "restarted" in result.why
    assert firewall.host.state.pending() is None


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (ApplyError("no. The earlier rules were restored", True), False),
        (ApplyError("no. Restoring failed as well", False), True),
        (FirewallError("no"), False),
    ],
)
def test_a_candidate_that_cannot_be_loaded(firewall: Firewall, error: FirewallError, waits: bool) -> None:
    firewall.trouble = [error]
    with pytest.raises(FirewallError, match="tries again" if waits else "no"):
        firewall.stage()
    assert (firewall.host.state.pending() is not None) == waits


def run_timer(firewall: Firewall, identity: str, until: float = 1e9) -> list[float]:
    """The timer's sleeps, on a clock that goes as far as it sleeps."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        firewall.clock.now += seconds
        if firewall.clock.now > until:
            raise InterruptedError

    @contextlib.contextmanager
    def lock() -> Iterator[None]:
        yield

    timer.wait(firewall.host, identity, lock, sleep)
    return slept


def test_the_timer_goes_back_at_the_deadline_and_no_sooner(firewall: Firewall) -> None:
    identity = firewall.stage(60)
    with pytest.raises(InterruptedError):
        run_timer(firewall, identity, until=1058)
    assert firewall.both() == ("committed", "candidate")
    run_timer(firewall, identity)
    assert firewall.clock.now == pytest.approx(1060, abs=1)
    assert firewall.both() == ("committed", "committed")


def test_the_timer_goes_by_the_clock_of_the_boot_alone(firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sets the clock back an hour while the candidate waits."""
    identity = firewall.stage(60)
    for name in ("time", "localtime"):
        monkeypatch.setattr(time, name, lambda *arguments: pytest.fail("the clock that can be set was asked"))
    run_timer(firewall, identity)
    assert firewall.both() == ("committed", "committed")
    assert boot_clock() == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=5)


def test_the_timer_of_a_confirmed_candidate_ends(firewall: Firewall) -> None:
    identity = firewall.stage(60)
    confirming.confirm(firewall.host, identity, FRESH)
    assert run_timer(firewall, identity) == []
    assert firewall.both() == ("candidate", "candidate")


def test_the_timer_tries_until_it_works(firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = firewall.stage(60)
    monkeypatch.setattr(confirming, "_PATIENCE", 0.0)
    firewall.trouble = [FirewallError("restarting")] * 3
    run_timer(firewall, identity)
    assert firewall.both() == ("committed", "committed")


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (ApplyError("nft refuses geo. Restoring failed as well", restored=False), "nft refuses geo. Restoring failed"),
        (KeyboardInterrupt(), "the run that loaded it was killed"),
    ],
)
def test_a_run_counts_as_killed_only_if_it_was(firewall: Firewall, trouble: Exception, why: str) -> None:
    firewall.trouble = [trouble]
    with pytest.raises((FirewallError, KeyboardInterrupt)):
        firewall.stage(60)
    pending = firewall.host.state.pending()
    assert pending is not None
    firewall.clock.now += 60
    assert confirming.expire(firewall.host, pending).done
    result = firewall.host.state.last_result()
    assert result is not None
    assert result.why.startswith(why)


def test_a_killed_confirmation_leaves_no_committed_state_behind(firewall: Firewall) -> None:
    identity = firewall.stage(60)
    confirming.remember(firewall.host.state, identity, None, {"rules": "committed"}, {"rules": "candidate"})
    firewall.clock.now += 60
    run_timer(firewall, identity)
    assert [commit.files for commit in firewall.host.state.history()] == [{"rules": "committed"}]


def test_the_last_five_are_kept(state: State) -> None:
    for number in range(8):
        confirming.remember(state, "", None, {"rules": str(number)}, {"rules": str(number + 1)})
    assert [commit.files["rules"] for commit in state.history()] == ["4", "5", "6", "7", "8"]
    assert confirming.previous(state, {"rules": "8"}, 1).files == {"rules": "7"}
    assert confirming.previous(state, {"rules": "8"}, 4).files == {"rules": "4"}
    assert confirming.previous(state, {"rules": "unknown"}, 1).files == {"rules": "8"}
    with pytest.raises(FirewallError, match="has 4 earlier states"):
        confirming.previous(state, {"rules": "8"}, 5)


def test_what_is_remembered_is_returned(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the state before it, if that is not the last one that is known: nobody of ours has written that."""
    monkeypatch.setattr(confirming, "timestamp", lambda: "now")
    one, two, three = ({"rules": name} for name in ("one", "two", "three"))
    commit = confirming.remember(state, "id", "10.0.0.250", one, two, ("10.0.0.250", "10.0.0.251"))
    assert commit == Commit("id", "now", "10.0.0.250", states.digest(two), two, ["10.0.0.250", "10.0.0.251"])
    first = Commit("", "now", None, states.digest(one), one)
    assert state.history() == [first, commit]
    again = confirming.remember(state, "", None, two, three)
    assert again == Commit("", "now", None, states.digest(three), three)
    assert state.history() == [first, commit, again]


def test_what_is_written_is_read_back(state: State) -> None:
    commit = Commit("id", "now", None, states.digest(FILES), FILES)
    state.set_history([commit])
    assert state.history() == [commit]
    result = LastResult("id", "now", "10.0.0.1", "why", "outcome", False)
    state.set_last_result(result)
    assert state.last_result() == result
    assert Path(state.folder).stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in Path(state.folder).iterdir())


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"id": 1}', b"\xff", b"3"])
def test_what_cannot_be_understood_is_not_there(state: State, text: bytes) -> None:
    Path(state.folder).mkdir()
    for name in ("pending", "history", "last_result"):
        (Path(state.folder) / f"{name}.json").write_bytes(text)
    assert state.pending() is None
    assert state.history() == []
    assert state.last_result() is None


def test_the_program_runs_by_itself(state: State, tmp_path: Path) -> None:
    """Without this collection, Ansible, or anything installed."""
    content = timer.program("test")
    assert content == timer.program("test")
    state.save_program(content)
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert all(name == "__main__.py" or name.startswith("ansible_collections/") for name in names)
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {state.program!r}); "
         "from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import timer\n"
         "print(timer.__file__)"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert told.stdout.startswith(state.program), told.stderr


def test_a_timer_that_does_not_start(firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timer, "_ARMING_SECONDS", 0.05)
    monkeypatch.setattr(background, "_SYSTEMD", "/nowhere")
    monkeypatch.setattr(timer, "command", lambda state, *words: ["/bin/false"])
    with pytest.raises(FirewallError, match="did not start"):
        timer.arm(Programs(), firewall.host, "id")


#: What the files of the host say, by the word that they are.
BY_WORD = {
    "committed": make_ruleset(refused=[{"protocol": "tcp", "ports": "22"}]),
    "candidate": make_ruleset(),
    "nothing": EMPTY,
}


class TestTheRecordOfWhatIsNotEnforced:
    """The table is there before and after as the rules are that stay."""

    @pytest.fixture(name="nft")
    def fixture_nft(self, firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> Nft:
        nft = Nft()
        nft.tables = {"firewalld": {}, "jsa_ports_staged": {}}
        monkeypatch.setattr(firewall, "programs", nft)
        monkeypatch.setattr(firewall, "rules_of", lambda texts: BY_WORD[texts["rules"]])
        return nft

    def test_a_trial_that_is_taken_back(self, firewall: Firewall, nft: Nft) -> None:
        identity = firewall.stage()
        assert "jsa_ports_staged" in nft.tables
        confirming.abort(firewall.host, identity, "the probe failed")
        assert list(nft.tables) == ["firewalld"]

    def test_a_trial_that_is_confirmed(self, firewall: Firewall, nft: Nft) -> None:
        confirming.confirm(firewall.host, firewall.stage(), FRESH)
        assert "jsa_ports_staged" in nft.tables

    @pytest.mark.parametrize("after", ["committed", "nothing"])
    def test_rules_that_refuse_and_none_at_all(
        self, firewall: Firewall, nft: Nft, monkeypatch: pytest.MonkeyPatch, after: str
    ) -> None:
        swapped = {"committed": BY_WORD["candidate"], "candidate": BY_WORD[after]}
        monkeypatch.setattr(firewall, "rules_of", lambda texts: swapped[texts["rules"]])
        confirming.abort(firewall.host, firewall.stage(), "the probe failed")
        assert "jsa_ports_staged" in nft.tables, "the host is not enforced again"
        confirming.confirm(firewall.host, firewall.stage(), FRESH)
        assert list(nft.tables) == ["firewalld"]

    def test_it_keeps_no_host_from_going_back(
        self, firewall: Firewall, nft: Nft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nft.refused = "delete"
        assert confirming.abort(firewall.host, firewall.stage(), "the probe failed").done
        monkeypatch.setattr(firewall, "rules_of", lambda texts: 1 / 0)
        assert confirming.abort(firewall.host, firewall.stage(), "the probe failed").done
