# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the task reads, writes, and says where something is missing."""

from __future__ import annotations

import json
import os

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.action import page
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import planner, read

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors"}
OWN = [
    {
        "id": "backup", "service": "Backup of the site", "purpose": "Nightly", "protocols": ["tcp"], "ports": ["8901"],
        "flows": [{"listeners": ["console"], "initiators": ["event_processor"]}],
    }
]  # fmt: skip


@pytest.fixture(name="run")
def fixture_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The result of the action, and what it printed."""

    def run(check_mode: bool = False, **options: Any) -> tuple[dict[str, Any], str]:
        topology, problems = read(GROUPS, jsa_extra_flows=OWN)
        monkeypatch.setattr(page, "topology_of_task", lambda task_vars, templar: (topology, problems))
        action = page.ActionModule.__new__(page.ActionModule)
        action._task = type("Task", (), {"check_mode": check_mode})()
        action._templar = None
        defaults = {name: option.get("default") for name, option in page.ActionModule.ARGUMENT_SPEC.items()}
        result = action.work({**defaults, **options}, {})
        return result, capsys.readouterr().out

    return run


def test_written_once_and_not_in_check_mode(run: Any, tmp_path: Path) -> None:
    dest = tmp_path / "report"
    result, _printed = run(check_mode=True, dest=str(dest))
    assert result["changed"] is True and not dest.exists()
    result, printed = run(dest=str(dest))
    assert [path.name for path in dest.iterdir()] == ["index.html"]
    assert result == {"changed": True, "path": str(dest / "index.html"), "flows": result["flows"]}
    assert f"{dest}/index.html: 2 hosts, {result['flows']} flows" in printed
    assert run(dest=str(dest))[0]["changed"] is False
    text = (dest / "index.html").read_text()
    assert "<title>Ports of the JSA deployment</title>" in text and "Backup of the site" in text


def test_a_saved_plan_and_the_files_about_it(run: Any, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    saved.write_text(dump_plan(planner({"con9": "jsa_console"}).plan()))
    earlier = tmp_path / "earlier.json"
    earlier.write_text(dump_plan(planner({"con8": "jsa_console"}).plan()))
    check = tmp_path / "port_check.json"
    check.write_text('{"version": 1, "verdicts": []}')
    os.utime(check, (0, 0))
    learned = tmp_path / "learned.json"
    learned.write_text(json.dumps({"version": 1, "hosts": {"con9": {}}}))
    run(
        dest=str(tmp_path), plan_file=str(saved), check=str(check), baseline=str(check), learned=str(learned),
        zones={"core": "10.0.0.0/8"}, title="Mine", since=str(earlier),
    )  # fmt: skip
    text = (tmp_path / "index.html").read_text()
    assert "<h1>Mine</h1>" in text and "con9" in text and "ep1" not in text
    assert "port_check.json, written 1970-01-01 00:00 UTC" in text
    assert "From earlier.json" in text and "the host (10.0.0.1), console" in text
    assert ">core</text>" in text and 'id="learned"' in text and 'id="changes"' in text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"dest": ""}, "jsa_report_dest"),
        ({"dest": "x", "baseline": "y"}, "jsa_report_check"),
        ({"dest": "x", "zones": {"a": ["10.0.0.0/99"]}}, "jsa_zones.a"),
    ],
)
def test_what_is_missing_or_wrong_is_told(run: Any, options: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        run(**options)
    assert not Path("x").exists()


@pytest.mark.parametrize("option", ["check", "learned", "since"])
def test_a_damaged_file_is_told_before_anything_is_written(run: Any, tmp_path: Path, option: str) -> None:
    damaged = tmp_path / "damaged.json"
    damaged.write_text("{}")
    with pytest.raises(InputError, match=r"damaged\.json"):
        run(dest=str(tmp_path / "report"), **{option: str(damaged)})
    assert not (tmp_path / "report").exists()
