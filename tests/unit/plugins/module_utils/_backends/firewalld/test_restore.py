# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is restored, and what is said of it: values, not only words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import RolledBack, Wanted
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import State
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import backend as backends
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.backend import FirewalldBackend
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Status
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import FileChanges
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import SetSupport
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY, FirewalldError, Ruleset
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._backends.firewalld.test_apply import (
    BOTH,
    FAILED,
    STOPPED,
    Host,
    Machine,
    kernel,
    rules,
)

BEFORE, AFTER = rules("10.0.0.3"), rules("10.0.0.4", ports="23")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.apply(BEFORE)
    return host


@pytest.mark.parametrize(
    ("trouble", "restored"),
    [
        ({"check_config": [FAILED]}, True),
        ({"reload": [FAILED]}, True),
        ({"reload": [FAILED, FAILED]}, False),
        ({"reload": ["empty", "empty"]}, False),
    ],
)
def test_a_failure_says_whether_the_earlier_rules_run(
    host: Host, trouble: dict[str, list[Any]], restored: bool
) -> None:
    host.client.trouble = trouble
    with pytest.raises(verbs.ApplyError) as caught:
        host.apply(AFTER)
    assert caught.value.restored is restored
    assert host.runs(BEFORE) or not restored


def test_staged_files_that_cannot_be_written_take_the_rules_back(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    situation, changes = host.decide(AFTER)
    write, count = host.files.write, []

    def failing(what: FileChanges) -> None:
        count.append(what)
        if len(count) == 2:
            raise FirewalldError("No space left on device")
        write(what)

    monkeypatch.setattr(host.files, "write", failing)
    with pytest.raises(
        verbs.ApplyError, match=r"^No space left on device\. The earlier rules were restored and verified$"
    ):
        verbs.stage(host.client, host.files, situation, AFTER, changes)
    assert host.runs(BEFORE)
    assert host.files.read().keys() == render(BEFORE).keys()


def test_changes_are_files_entries_or_a_reload() -> None:
    nothing = verbs.Changes(FileChanges({}, {}, []), {}, (), ())
    entries: Any = {"jsa-ep-4": None}
    assert nothing.any() is False
    for one in (
        nothing._replace(files=FileChanges({}, {}, ["policies/jsa-in.xml"])),
        nothing._replace(entries=entries),
        nothing._replace(reload=("x",)),
    ):
        assert one.any() is True


def test_actions_are_names_of_objects() -> None:
    files = FileChanges(
        {"policies/jsa-in.xml": "", "ipsets/jsa-ep-4.xml": ""},
        {"ipsets/jsa-b-4.xml": "", "ipsets/jsa-a-4.xml": ""},
        ["ipsets/jsa-c-4.xml"],
    )
    assert verbs.object_actions(verbs.Changes(files, {}, (), ())) == {
        "created": ["jsa-ep-4", "jsa-in"],
        "changed": ["jsa-a-4", "jsa-b-4"],
        "removed": ["jsa-c-4"],
    }


@pytest.mark.parametrize("programs", [BOTH[:1], BOTH[1:]])
def test_one_of_the_two_programs_is_enough(tmp_path: Path, programs: tuple[str, ...]) -> None:
    machine: Any = Machine(programs, Status(True, "1.3.3", ""))
    assert verbs.require_firewalld(machine, False, (str(tmp_path),)).running


def test_a_set_that_nobody_needs_any_more_is_a_reason_to_reload(host: Host) -> None:
    """Only one of ours that is really loaded; a firewalld that does not run has none."""
    no_sets = BEFORE._replace(policies={})
    host.client.table = kernel(no_sets)
    assert host.decide(EMPTY)[1].reload == ("set jsa-ep-4 is no longer needed",)
    host.client.table = kernel(EMPTY)
    assert host.decide(EMPTY)[1].reload == ()
    assert host.decide(EMPTY, running=False)[1].reload == ()


SILENT = Status(False, "", "no answer after 10 s", True)


def test_a_firewalld_that_does_not_answer_is_not_worked_with(tmp_path: Path) -> None:
    machine: Any = Machine(BOTH, SILENT)
    for offline in (True, False):
        with pytest.raises(FirewalldError, match=r"does not answer \(no answer after 10 s\)\. Nothing was written"):
            verbs.require_firewalld(machine, offline, (str(tmp_path),))


class TestGoingBack:
    """What commit confirmed asks of firewalld."""

    @pytest.fixture(autouse=True)
    def _status(self, host: Host) -> None:
        host.client.status = lambda: Status(True, "1.3.3", "")

    def backend(self, host: Host) -> FirewalldBackend:
        return FirewalldBackend(host.client, host.files, State(str(host.root / "state"), str(host.root / "armed")))

    def back(self, host: Host) -> RolledBack:
        host.client.calls.clear()
        return self.backend(host).go_back(render(BEFORE), render(AFTER))

    def test_from_a_candidate_that_runs(self, host: Host) -> None:
        host.apply(AFTER)
        assert self.back(host) == RolledBack(True, False, "The host is back on the committed rules")
        assert host.client.calls == ["reload"]
        assert host.runs(BEFORE)
        assert host.files.read().keys() == render(BEFORE).keys()

    def test_from_other_peers_takes_no_reload(self, host: Host) -> None:
        host.client.table = kernel(rules("10.0.0.4"))
        assert self.back(host).done
        assert host.client.calls == ["change_entries"]
        assert host.runs(BEFORE)

    def test_where_nothing_was_loaded_nothing_is(self, host: Host) -> None:
        assert self.back(host) == RolledBack(True, False, "The host is back on the committed rules")
        assert host.client.calls == []

    @pytest.mark.parametrize("trouble", ["nothing", "empty"])
    def test_what_does_not_hold_afterwards(self, host: Host, trouble: str) -> None:
        host.apply(AFTER)
        host.client.trouble = {"reload": [trouble, trouble]}
        with pytest.raises(FirewalldError, match="the running rules differ from them: "):
            self.back(host)

    @pytest.mark.parametrize("trouble", ["nothing", "empty"])
    def test_what_one_reload_does_not_do_another_may(self, host: Host, trouble: str) -> None:
        host.apply(AFTER)
        host.client.trouble = {"reload": [trouble]}
        assert self.back(host).done
        assert host.client.calls == ["reload", "reload"]
        assert host.runs(BEFORE)

    def test_what_cannot_be_read_is_loaded_anew(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever a reader trips over: the files are right, and a reload takes all else away."""
        host.apply(AFTER)
        read: Any = iter([TypeError("unhashable"), None])
        really = backends.read_runtime

        def once(client: Any) -> Any:
            trouble = next(read, None)
            if trouble:
                raise trouble
            return really(client)

        monkeypatch.setattr(backends, "read_runtime", once)
        assert self.back(host).done
        assert host.client.calls == ["reload"]
        assert host.runs(BEFORE)

    def test_a_firewalld_that_does_not_answer(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is not taken for one that does not run: what it has loaded stays until it can load something else."""
        flushed: list[Any] = []
        monkeypatch.setattr(backends, "flush", flushed.append)
        host.apply(AFTER)
        host.client.status = lambda: SILENT
        with pytest.raises(FirewalldError, match=r"firewalld does not answer .* files are the committed ones"):
            self.back(host)
        assert (flushed, host.client.calls) == ([], [])
        assert host.runs(AFTER)
        assert host.files.read().keys() == render(BEFORE).keys()
        host.client.status = lambda: Status(True, "1.3.3", "")
        assert self.back(host) == RolledBack(True, False, "The host is back on the committed rules")
        assert host.runs(BEFORE)

    @pytest.mark.parametrize(
        ("left", "flushes"), [(BEFORE, False), (AFTER, True), (None, False)], ids=["committed", "candidate", "nothing"]
    )
    def test_a_firewalld_that_does_not_run(
        self, host: Host, monkeypatch: pytest.MonkeyPatch, left: Ruleset | None, flushes: bool
    ) -> None:
        """One that was killed has left its rules in the kernel, where those of the candidate have to go."""
        flushed: list[Any] = []
        monkeypatch.setattr(backends, "flush", flushed.append)
        host.apply(AFTER)
        host.client.status = lambda: STOPPED
        host.client.table = [] if left is None else kernel(left)
        found = self.back(host)
        assert (found.done, found.stopped) == (True, True)
        assert found.words.startswith("The files are the committed ones. firewalld is not running")
        assert flushed == ([host.client] if flushes else [])
        assert host.files.read().keys() == render(BEFORE).keys()

    def test_only_what_can_be_loaded_is_written_to_stay(self, host: Host) -> None:
        self.backend(host).write(render(AFTER))
        assert host.content().keys() == render(AFTER).keys()
        content = host.content()
        host.client.support = SetSupport(False, False)
        with pytest.raises(FirewalldError, match="can no longer load sets"):
            self.backend(host).write(render(BEFORE))
        assert host.content() == content

    def test_the_timer_makes_one_for_this_host(self) -> None:
        assert isinstance(backends.backend(), FirewalldBackend)


def test_a_table_of_ours_that_was_left_is_a_reason_to_load(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host.client, "status", lambda: Status(True, "1.3.3", ""), raising=False)
    host.apply(BEFORE)
    backend = FirewalldBackend(host.client, host.files, State(str(host.root / "state"), str(host.root / "armed")))
    wanted = Wanted(render(BEFORE), BEFORE)
    left = False
    monkeypatch.setattr(backend._defense, "stands_in", lambda: left)
    assert not backend.decide(backend.read(), wanted).changed
    left = True
    decision = backend.decide(backend.read(), wanted)
    assert decision.changed
    assert decision.reload_reasons == ["a snapshot of earlier rules is in force beside firewalld's rules"]
