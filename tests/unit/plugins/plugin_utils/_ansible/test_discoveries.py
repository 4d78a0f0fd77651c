# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Discoveries as a task gets them: results, a file, and the hosts that have none."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.discoveries import Handed
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan

#: The plan of each but con1 has ports that its broker chooses.
PLAN = Plan({"con1": "jsa_console", "ep1": "jsa_processors", "ec1": "jsa_event_collectors"}).plan


def result(port: int, at: str = "2026-11-25T05:00:00Z") -> dict[str, Any]:
    service = {"service": "admin", "kind": "imq", "protocol": "tcp", "port": port, "details": {"type": "ADMIN"}}
    return {"changed": False, "services": [service], "imq": {"state": "ok"}, "rpcbind": None, "observed_at": at}


def handed(discovered: Any = None, file: Path | None = None) -> Handed:
    return Handed.of({"discovered": discovered, "discovered_file": str(file) if file else None})


def ports(given: Handed) -> dict[str, list[int]]:
    return {name: [one.port for one in found.services] for name, found in given.discoveries().by_host.items()}


def test_nothing() -> None:
    assert (ports(handed()), handed().kept(), handed().write(False)) == ({}, {}, False)


def test_results_win_over_the_file_which_keeps_the_other_hosts(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = handed({"ep1": result(40001), "ec1": result(40002)}, file)
    assert first.write(True) and not file.exists()
    assert first.write(False)
    assert not handed({"ep1": result(40001), "ec1": result(40002)}, file).write(False)

    second = handed({"ep1": result(40003, "2026-11-25T06:00:00Z"), "ec1": None}, file)
    assert ports(second) == {"ep1": [40003], "ec1": [40002]}
    assert second.write(False)
    assert ports(handed(None, file)) == {"ep1": [40003], "ec1": [40002]}
    # Without results a file is only read.
    before = file.read_text()
    assert not handed(None, file).write(False)
    assert file.read_text() == before


def test_what_is_returned_can_be_handed_over_again() -> None:
    kept = handed({"ep1": result(40001)}).kept()
    again = handed(json.loads(json.dumps(kept)))
    assert (ports(again), again.kept()) == ({"ep1": [40001]}, kept)


def test_a_damaged_file_is_an_error_where_it_is_used(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    file.write_text("{")
    given = handed({"ep1": result(40001)}, file)
    for use in (given.discoveries, lambda: given.write(False)):
        with pytest.raises(InputError, match=r"ports\.json"):
            use()
    assert file.read_text() == "{"


def test_a_broken_result_is_an_error() -> None:
    with pytest.raises(InputError, match="ep1: 70000 is not a port"):
        handed({"ep1": result(70000)})


@pytest.mark.parametrize("nothing", [None, {"skipped": True, "changed": False}, "x"])
def test_a_host_that_was_to_be_asked_and_was_not(nothing: Any) -> None:
    """As where the results are registered under another name than the one that is handed over."""
    with pytest.raises(InputError) as caught:
        handed({"con1": nothing, "ep1": nothing, "ec1": result(40002), "other": nothing}).require_all(PLAN)
    (problem,) = caught.value.problems
    assert problem.startswith("ep1: there is no result of jsa.ports.portmap")


def test_a_host_that_could_not_be_asked_was_told_about_before() -> None:
    given = handed({"ep1": {"unreachable": True, "msg": "no route"}, "ec1": {"failed": True, "msg": "no Python"}})
    given.require_all(PLAN)
    assert ports(given) == {}
    # Hosts outside of a --limit are not in it.
    handed({"con1": None}).require_all(PLAN)
