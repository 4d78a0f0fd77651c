# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder that anybody may have put files into: what is there is joined, and all that cannot be used is named."""

from __future__ import annotations

import json
import os
import threading
import time

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible import host_files
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.host_files import read_host_files, write_host_files
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import ProbesSeen
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors", "ec1": "jsa_event_collectors"}
PLAN = Plan(GROUPS).plan
FULL = Scope("full")
SEEN = HostObservation(probes=ProbesSeen(answers=()))


FULL = Scope("full")


def write(folder: Path, *names: str, scope: Scope = FULL) -> None:
    write_host_files(str(folder), PLAN, dict.fromkeys(names, SEEN), scope, check_mode=False)


def read(folder: Path, later: float = 0.0) -> host_files.Joined:
    return read_host_files(str(folder), PLAN, 60, time.time() + later)


def refused(folder: Path) -> list[str]:
    with pytest.raises(InputError, match="cannot be joined; no host was contacted") as caught:
        read(folder)
    return caught.value.problems


def test_the_files_of_several_runs_are_joined(tmp_path: Path) -> None:
    write(tmp_path, "ep1", "con1")
    write(tmp_path, "ec1")
    joined = read(tmp_path)
    assert joined.observations == dict.fromkeys(PLAN.hosts, SEEN) and joined.scope == Scope("full")
    assert list(joined.observations) == list(PLAN.hosts)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["con1.json", "ec1.json", "ep1.json"]


def test_in_check_mode_nothing_is_written(tmp_path: Path) -> None:
    write_host_files(str(tmp_path / "new"), PLAN, {"con1": SEEN}, Scope(), check_mode=True)
    assert not list(tmp_path.iterdir())


def test_who_is_missing_or_too_old_has_the_reason(tmp_path: Path) -> None:
    write(tmp_path, "con1")
    unseen = read(tmp_path).observations["ep1"].unseen
    assert set(unseen) == {"sockets", "firewall", "probes", "paths"}
    assert {one.reason for one in unseen.values()} == {f"there is no file ep1.json in {tmp_path}"}
    assert (
        "seconds ago, and jsa_port_check_max_age is 60"
        in read(tmp_path, 62).observations["con1"].unseen["probes"].reason
    )


def test_an_empty_folder_and_one_that_is_not_there(tmp_path: Path) -> None:
    assert read(tmp_path).scope is None
    with pytest.raises(AnsibleActionFail, match="No such file"):
        read(tmp_path / "none")


def fifo(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    target = path.with_name("elsewhere")
    write(path.parent / "other", "ep1")
    target.write_bytes((path.parent / "other" / "ep1.json").read_bytes())
    path.symlink_to(target)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


def another_plan(path: Path) -> None:
    other = replace(PLAN, release="another")
    write_host_files(str(path.parent), other, {"ep1": SEEN}, Scope(), check_mode=False)


def another_scope(path: Path) -> None:
    write(path.parent, "ep1", scope=Scope("console"))


@pytest.mark.parametrize(
    ("put", "told"),
    [
        (lambda path: path.mkdir(), "it is not a regular file"),
        (fifo, "it is not a regular file"),
        (link, "it is a symbolic link"),
        (huge, "it is larger than 16 MiB"),
        (lambda path: path.write_text("null"), "expected a mapping"),
        (lambda path: path.write_bytes(b"[" * 100_000), "nested too deeply"),
        (another_plan, "it was made with another plan"),
        (another_scope, "its flows were not selected as those of con1.json"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_else(tmp_path: Path, put: Callable[[Path], None], told: str) -> None:
    write(tmp_path, "con1")
    put(tmp_path / "ep1.json")
    (problem,) = refused(tmp_path)
    assert problem.startswith("ep1.json: ") and told in problem


def test_all_of_them_are_in_one_message(tmp_path: Path) -> None:
    write(tmp_path, "con1")
    (tmp_path / "ep1.json").write_text("")
    (tmp_path / "ec1.json").write_text("{}")
    (tmp_path / "con1 (copy).json").write_bytes((tmp_path / "con1.json").read_bytes())
    (tmp_path / "str\x1bange.json").write_text("")
    found = refused(tmp_path)
    assert {problem.partition(": ")[0] for problem in found} == {
        "con1 (copy).json",
        "ec1.json",
        "ep1.json",
        "str\\x1bange.json",
    }


def test_other_names_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "con1")
    # What rsync has not finished, and what a person has put there.
    (tmp_path / ".ep1.json.Xy12").write_text("{")
    (tmp_path / ".ep1.json").write_text("{")
    (tmp_path / "README").write_text("Files of a check")
    assert read(tmp_path).observations["con1"] == SEEN


def test_a_file_that_is_replaced_meanwhile_is_one_or_the_other(tmp_path: Path) -> None:
    write(tmp_path, "con1")
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            write(tmp_path, "con1")

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _time in range(50):
            assert read(tmp_path).observations["con1"] == SEEN
    finally:
        stop.set()
        writer.join()


def test_a_file_says_of_which_plan_it_is(tmp_path: Path) -> None:
    write(tmp_path, "con1")
    document = json.loads((tmp_path / "con1.json").read_text())
    assert document["plan"].startswith("sha256:") and document["host"] == "con1"
    assert set(document) == {"version", "purpose", "host", "at", "plan", "scope", "observation"}
