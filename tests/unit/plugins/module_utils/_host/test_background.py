# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes that outlive their module: a service where systemd runs, a session of their own everywhere else."""

from __future__ import annotations

import os
import time

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._host import background
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs


def systemd_run(folder: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> Programs:
    """A host with systemd, whose program writes down what it is told."""
    monkeypatch.setattr(background, "_SYSTEMD", str(folder))
    program = folder / "systemd-run"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{folder}/told\nexit {code}\n')
    program.chmod(0o755)
    return Programs(lambda name: str(folder / name))


def written(file: Path) -> str:
    deadline = time.monotonic() + 10
    while not file.exists() or not file.read_text().endswith("\n"):
        assert time.monotonic() < deadline, f"{file} was not written"
        time.sleep(0.01)
    return file.read_text()


#: Says in whose session it runs, and where.
SAYS = "read -r stat </proc/self/stat; echo $(pwd) $stat >"


def test_a_service_where_systemd_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = systemd_run(tmp_path, monkeypatch, 0)
    background.start(programs, ["/bin/sh", "-c", f"{SAYS}{tmp_path}/ran"], "jsa-unit", "RuntimeMaxSec=5")
    told = (tmp_path / "told").read_text().splitlines()
    assert told[:6] == ["--quiet", "--collect", "--unit=jsa-unit", "--property=RuntimeMaxSec=5", "--", "/bin/sh"]
    assert not (tmp_path / "ran").exists(), "it was started twice"


def test_a_session_of_its_own_where_systemd_does_not_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = systemd_run(tmp_path, monkeypatch, 1)
    background.start(programs, ["/bin/sh", "-c", f"{SAYS}{tmp_path}/ran"], "jsa-unit")
    assert (tmp_path / "told").exists()
    where, pid, _name, _state, _parent, _group, session = written(tmp_path / "ran").split()[:7]
    assert where == "/"
    assert int(session) == int(pid) != os.getsid(0)


def test_a_session_of_its_own_without_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = systemd_run(tmp_path, monkeypatch, 0)
    monkeypatch.setattr(background, "_SYSTEMD", str(tmp_path / "nowhere"))
    background.start(programs, ["/bin/sh", "-c", f"{SAYS}{tmp_path}/ran"], "jsa-unit")
    pid, session = (written(tmp_path / "ran").split()[index] for index in (1, 6))
    assert session == pid
    assert not (tmp_path / "told").exists()


def test_what_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_SYSTEMD", "/nowhere")
    with pytest.raises(OSError, match="No such file"):
        background.start(Programs(), [str(tmp_path / "nothing")], "jsa-unit")
