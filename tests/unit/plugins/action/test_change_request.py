# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action writes, removes, returns and refuses."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.action import change_request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request import registry
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import Output
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Topology


def plan(*sources: str) -> dict[str, Any]:
    rules = [{"protocol": "tcp", "ports": "443", "sources": list(sources), "why": ["https"]}] if sources else []
    host = {"roles": ["console"], "addresses": ["10.0.0.1"], "inbound": rules, "refused": [], "dynamic": []}
    return {"version": 1, "hosts": {"con1": host, "ep1": {**host, "addresses": ["10.0.1.1"], "inbound": []}}}


@pytest.fixture(name="run")
def fixture_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The result of the action for a saved plan, and what it printed."""
    monkeypatch.setattr(change_request, "topology_of_task", lambda task_vars, templar: (Topology({}, {}), []))

    def run(saved: dict[str, Any], hosts: tuple[str, ...] = (), **options: Any) -> tuple[dict[str, Any], str]:
        (tmp_path / "plan.json").write_text(json.dumps(saved))
        action = change_request.ActionModule.__new__(change_request.ActionModule)
        action._templar = None
        attributes = {"check_mode": options.pop("check_mode", False), "diff": options.pop("diff", False)}
        action._task = type("Task", (), attributes)()
        spec = change_request.ActionModule.ARGUMENT_SPEC
        arguments = {name: option.get("default") for name, option in spec.items()}
        arguments |= {"dest": str(tmp_path / "request"), "plan_file": str(tmp_path / "plan.json"), **options}
        result = action.work(arguments, {"ansible_play_hosts_all": list(hosts)})
        return result, capsys.readouterr().out

    return run


ZONES = {"core": "10.0.0.0/24", "branch": "10.0.1.0/24"}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_written_once(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "request"
    result, _printed = run(plan("10.0.1.0/24"), zones=ZONES, check_mode=True)
    assert result["changed"] is True and not folder.exists()
    result, printed = run(plan("10.0.1.0/24"), zones=ZONES)
    assert result["changed"] is True
    assert names(folder) == set(result["files"]) == {
        "flows_ipv4.csv", "flows_ipv4.xlsx", "grouped_ipv4.csv", "grouped_ipv4.xlsx", "junos.set", "notes.txt",
    }  # fmt: skip
    assert result["summary"] == {"add": 1, "remove": 0, "inside_zones": 0}
    assert "Change request: 1 flow to add" in printed and "junos: junos.set" in printed
    assert (folder / "notes.txt").read_text().strip() in printed
    assert run(plan("10.0.1.0/24"), zones=ZONES)[0]["changed"] is False
    assert run(plan("10.0.1.0/24"), zones=ZONES, check_mode=True)[0]["changed"] is False


def test_what_is_out_of_date_goes(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "request"
    (tmp_path / "old.json").write_text(json.dumps(plan("10.0.1.0/24", "10.0.9.0/24")))
    since = {"since": str(tmp_path / "old.json"), "zones": ZONES, "formats": ["junos"]}
    result, printed = run(plan("10.0.1.0/24"), **since)
    assert names(folder) == {"junos.set", "junos_delete.set", "notes.txt"}
    assert "10-0-9-0" in (folder / "junos_delete.set").read_text()
    assert result["summary"] == {"add": 0, "remove": 1, "inside_zones": 0}
    assert "0 flows to add, 1 flow to remove" in printed
    (folder / "own.txt").write_text("ours")
    (folder / "nftables_ipv4.nft").write_text("of a format that nobody asks for now")
    result, _printed = run(plan("10.0.1.0/24"), zones=ZONES, formats=["junos"], check_mode=True)
    assert (result["changed"], result["removed"]) == (True, ["junos_delete.set"])
    assert (folder / "junos_delete.set").exists()
    result, _printed = run(plan("10.0.1.0/24"), zones=ZONES, formats=["junos"])
    assert result["removed"] == ["junos_delete.set"]
    assert names(folder) == {"junos.set", "notes.txt", "own.txt", "nftables_ipv4.nft"}


def test_differences(run: Any, tmp_path: Path) -> None:
    run(plan("10.0.1.0/24"), zones=ZONES)
    result, _printed = run(plan("10.0.1.1/32"), zones=ZONES, diff=True, check_mode=True)
    by_name = {Path(item["after_header"]).name: item for item in result["diff"]}
    assert set(by_name) == {"flows_ipv4.csv", "grouped_ipv4.csv", "junos.set"}
    assert "10.0.1.0/24" in by_name["junos.set"]["before"] and "10.0.1.1/32" in by_name["junos.set"]["after"]
    assert "diff" not in run(plan("10.0.1.1/32"), zones=ZONES)[0]


def test_without_zones_networks_are(run: Any) -> None:
    assert run(plan("10.0.0.7/32"))[0]["summary"] == {"add": 0, "remove": 0, "inside_zones": 1}
    assert run(plan("10.0.0.7/32"), prefix=30)[0]["summary"] == {"add": 1, "remove": 0, "inside_zones": 0}


def test_only_the_hosts_of_the_play(run: Any) -> None:
    assert run(plan("10.0.1.0/24"), hosts=("ep1",))[0]["summary"]["add"] == 0
    assert run(plan("10.0.1.0/24"), hosts=("con1",))[0]["summary"]["add"] == 1
    # As for a saved plan, which needs no inventory.
    assert run(plan("10.0.1.0/24"), hosts=("localhost",))[0]["summary"]["add"] == 1


def test_a_host_that_is_gone(run: Any, tmp_path: Path) -> None:
    """It is in no play any more, and what was open to it is to be closed."""
    (tmp_path / "old.json").write_text(json.dumps(plan("10.0.1.0/24")))
    later = {**plan(), "hosts": {"ep1": plan()["hosts"]["ep1"]}}
    result, _printed = run(later, hosts=("ep1",), since=str(tmp_path / "old.json"), zones=ZONES)
    assert result["summary"] == {"add": 0, "remove": 1, "inside_zones": 0}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"zones": {"core": "10.0.0.1/8"}}, "jsa_zones.core: 10.0.0.1/8 has host bits set"),
        ({"zones": {}}, "jsa_zones: expected a mapping"),
        ({"columns": {"Service": "servic"}}, "did you mean service?"),
        ({"prefix": 33}, "jsa_change_request_prefix: 33 is not a prefix length"),
    ],
)
def test_what_cannot_be_used_writes_nothing(run: Any, tmp_path: Path, options: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError) as error:
        run(plan("10.0.1.0/24"), **options)
    assert text in str(error.value)
    assert not (tmp_path / "request").exists()


def test_an_earlier_plan_that_is_none(run: Any, tmp_path: Path) -> None:
    with pytest.raises(AnsibleActionFail, match=r"The earlier plan .*nowhere.json cannot be read"):
        run(plan("10.0.1.0/24"), since=str(tmp_path / "nowhere.json"))


def test_a_format_that_loses_a_flow_is_an_error(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losing = registry.Format(lambda request, settings: Output({}, 0), ())
    monkeypatch.setitem(registry.FORMATS, "csv", losing)
    with pytest.raises(InputError, match="csv has 0 flows instead of 1"):
        run(plan("10.0.1.0/24"), zones=ZONES, formats=["csv"])
    assert not (tmp_path / "request").exists()


def test_names_that_a_terminal_would_obey(run: Any) -> None:
    saved = plan("0.0.0.0/0")
    saved["hosts"]["con\x1b[2J1"] = saved["hosts"].pop("con1")
    result, printed = run(saved, zones=ZONES)
    assert "\x1b" not in printed
    assert any("con\\x1b[2J1" in note for note in result["notes"]["request"])
