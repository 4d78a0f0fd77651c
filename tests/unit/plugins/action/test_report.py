# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the report prints, returns and writes, and that a host's name stays a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.action import report
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.formats import FORMATS

ROOT = Path(__file__).resolve().parents[4]
HOST: dict[str, Any] = {
    "roles": ["event_processor"],
    "addresses": ["10.0.0.1"],
    "inbound": [{"protocol": "tcp", "ports": "32006", "sources": ["10.0.0.2/32"], "why": ["ariel"]}],
    "refused": [],
    "dynamic": [{"id": "jmx", "service": "JMX\x1b[2J", "sources": ["10.0.0.2/32"]}],
    "management_addresses": ["10.9.0.1/32"],
}
OUTSIDE = "../outside"


@pytest.fixture(name="run")
def fixture_run(capsys: pytest.CaptureFixture[str]) -> Any:
    """The result of the action, and what it printed."""

    def run(names: tuple[str, ...] = ("ep1", "ep2"), **options: Any) -> tuple[dict[str, Any], str]:
        action = report.ActionModule.__new__(report.ActionModule)
        action._task = type("Task", (), {"check_mode": options.pop("check_mode", False)})()
        plan = {"version": 1, "hosts": dict.fromkeys(names, HOST)}
        arguments = {"plan": plan, "format": "iptables", "dest": None, **options}
        result = action.work(arguments, {"ansible_play_hosts_all": [name for name in names if name != "ep2"]})
        return result, capsys.readouterr().out

    return run


def test_printed_for_the_hosts_of_the_play(run: Any) -> None:
    result, printed = run()
    assert list(result["reports"]) == ["ep1"]
    assert result["changed"] is False
    assert "--dport 32006" in result["reports"]["ep1"]["text"]
    assert "ep1, lines for the files of a JSA appliance" in printed
    assert result["reports"]["ep1"]["text"] in printed
    assert all(note.partition("\x1b")[0] in printed for note in result["reports"]["ep1"]["notes"])
    assert "\x1b" not in printed and "JMX\\x1b[2J" in printed


@pytest.mark.parametrize("name", FORMATS)
def test_written(run: Any, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "reports"
    result, printed = run(format=name, dest=str(folder), check_mode=True)
    assert result["changed"] is True and not folder.exists()
    result, printed = run(format=name, dest=str(folder))
    assert result["changed"] is True
    path = folder / f"ep1.{FORMATS[name].suffix}"
    assert list(folder.iterdir()) == [path]
    assert path.read_text() == result["reports"]["ep1"]["text"]
    assert f"ep1, {path}:" in printed and "32006" not in printed
    assert run(format=name, dest=str(folder))[0]["changed"] is False


def test_a_name_does_not_leave_the_folder(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    run((OUTSIDE, "/tmp/absolute", "..", "nul\x00"), dest=str(folder))
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]
    assert {path.name for path in folder.iterdir()} == {
        "%2E.%2Foutside.iptables", "%2Ftmp%2Fabsolute.iptables", "%2E..iptables", "nul%00.iptables",
    }  # fmt: skip


def test_a_plan_that_cannot_be_used(run: Any) -> None:
    with pytest.raises(InputError, match="hosts"):
        run(())


def test_the_role_offers_every_format() -> None:
    path = ROOT / "roles" / "jsa_firewall" / "meta" / "argument_specs.yml"
    option = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]["jsa_firewall_report_format"]
    assert option["choices"] == list(FORMATS)
