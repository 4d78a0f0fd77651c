# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host remembers, and where."""

from __future__ import annotations

import errno
import json
import os
import re

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import state as states
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import (
    Commit,
    LastResult,
    Pending,
    State,
    state_of,
)
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError

PENDING = Pending("id", "boot", 1000.5, 1060.5, None, None, False, {"a": "1"}, {"a": "2"})


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(str(tmp_path / "state"), str(tmp_path / "armed"), str(tmp_path / "boot_id"))


def test_each_backend_has_a_place_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(states, "ARMED", str(tmp_path / "%s.armed"))
    state = state_of("firewalld")
    assert state.folder == "/var/lib/jsa_ports/firewalld"
    assert state.program == "/var/lib/jsa_ports/firewalld/timer.pyz"
    state.arm("id")
    assert (tmp_path / "firewalld.armed").read_text() == "id"
    assert state.boot() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_host_without_memory_of_either(state: State) -> None:
    assert (state.boot(), state.armed(), state.pending(), state.pending_version()) == ("", "", None, None)
    assert (state.history(), state.last_result()) == ([], None)


def test_a_candidate_is_read_back_and_removed(state: State) -> None:
    state.set_pending(PENDING)
    assert state.pending() == PENDING
    state.remove_pending()
    assert state.pending() is None
    state.remove_pending()


def test_a_candidate_that_cannot_be_removed(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    state.set_pending(PENDING)

    def unlink(path: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "unlink", unlink)
    with pytest.raises(FirewallError, match=r"cannot write .*: .*Read-only"):
        state.remove_pending()


def test_every_write_is_another_version(state: State) -> None:
    state.set_pending(PENDING)
    first = state.pending_version()
    state.set_pending(PENDING)
    assert first is not None
    assert first != state.pending_version()


def test_times_are_utc_to_the_second() -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    found = datetime.strptime(states.timestamp(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert before <= found <= datetime.now(timezone.utc)


def test_the_folder_is_private_from_its_first_moment_on(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    chmod = os.chmod

    def watched(path: str, mode: int) -> None:
        modes.append(os.stat(path).st_mode & 0o777)
        chmod(path, mode)

    monkeypatch.setattr(os, "chmod", watched)
    mask = os.umask(0)
    try:
        state.set_pending(PENDING)
    finally:
        os.umask(mask)
    assert modes == [0o700]


def test_a_folder_that_somebody_opened_is_closed_again(state: State) -> None:
    state.set_pending(PENDING)
    Path(state.folder).chmod(0o755)
    state.set_pending(PENDING)
    assert Path(state.folder).stat().st_mode & 0o777 == 0o700


def test_a_program_that_is_there_is_not_written_again(state: State) -> None:
    state.save_program(b"one")
    first = os.stat(state.program).st_ino
    state.save_program(b"one")
    assert os.stat(state.program).st_ino == first
    state.save_program(b"two")
    assert Path(state.program).read_bytes() == b"two"


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.set_pending(PENDING)

    def rename(old: str, new: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(FirewallError, match=r"cannot write .*/pending\.json: .*No space left"):
        state.set_pending(PENDING._replace(id="other"))
    assert state.pending() == PENDING
    assert os.listdir(state.folder) == ["pending.json"]


def test_the_digest_is_of_the_rules_and_not_of_their_order() -> None:
    assert states.digest({"a": "1", "b": "2"}) == states.digest({"b": "2", "a": "1"})
    assert states.digest({"a": "1"}) != states.digest({"a": "2"})
    assert re.match("^[0-9a-f]{64}$", states.digest({}))


GOOD = {
    Pending: PENDING,
    Commit: Commit("id", "2026-01-31T12:00:00Z", None, "digest", {"a": "1"}),
    LastResult: LastResult("id", "2026-01-31T12:00:00Z", None, "why", "outcome", False),
}
#: Each is in each field once.
ODD = [None, True, 1, -1.5, 10**400, float("nan"), float("inf"), "text", [], [1], {}, {"a": 1}, [["deep"] * 3]]
#: Which of them a field may be; every other field is a text.
MAY_BE: dict[str, list[Any]] = {
    **{key: [1, -1.5] for key in ("since", "deadline")},
    **{key: [True] for key in ("loaded", "reported")},
    **{key: [None, "text"] for key in ("controller", "session")},
    **{key: [{}] for key in ("before", "candidate", "files")},
    "controllers": [[]],
}


@pytest.mark.parametrize("kind", [Pending, Commit, LastResult])
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:12])
def test_fields_of_another_type_make_a_file_damaged(state: State, kind: Any, odd: Any) -> None:
    """A value that cannot be meant never gets to the timer, and reading it never fails."""
    Path(state.folder).mkdir()
    for field in kind.__annotations__:
        value = {**GOOD[kind]._asdict(), field: odd}
        for name, content in (("pending", value), ("last_result", value), ("history", {"commits": [value]})):
            (Path(state.folder) / f"{name}.json").write_text(json.dumps(content))
        found = {Pending: state.pending(), LastResult: state.last_result(), Commit: next(iter(state.history()), None)}
        good = any(type(one) is type(odd) and one == odd for one in MAY_BE.get(field, ["text"]))
        assert found[kind] == (kind(**value) if good else None), field


@pytest.mark.parametrize("text", ["", "[", "[" * 100_000, '{"a":' * 100_000, "\xff", "null", "[]", "NaN", "1e999"])
def test_files_that_are_no_document(state: State, text: str) -> None:
    Path(state.folder).mkdir()
    for name in ("pending", "last_result", "history"):
        (Path(state.folder) / f"{name}.json").write_text(text)
    assert (state.pending(), state.last_result(), state.history()) == (None, None, [])
