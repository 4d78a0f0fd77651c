# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docs/ci.md and docs/change-request.md give to copy does what they say, and README.md shows what is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from pathlib import Path

import pytest
import yaml

from ansible_collections.jsa.ports.tests import pages

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[3]
#: They fetch what a test has at hand already.
FETCHES = {"pip install ansible-core netaddr jmespath", "ansible-galaxy collection install jsa.ports"}


def blocks(page: str) -> list[str]:
    found = re.findall(r"^( *)```yaml\n(.*?)^ *```", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)
    return ["".join(line[len(indent) :] for line in text.splitlines(keepends=True)) for indent, text in found]


def scripts() -> dict[str, dict[str, list[str]]]:
    github, gitlab = map(yaml.safe_load, blocks("ci.md"))
    jobs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in github["jobs"].items()}
    return {"github": jobs, "gitlab": {name: job["script"] for name, job in gitlab.items()}}


SCRIPTS = scripts()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (inventory,) = [item.text for item in pages.items("README.md") if item.kind == "inventory"]
    (tmp_path / "hosts.yml").write_text(inventory)
    shell(tmp_path, "git init -q . && git config user.email t@example.com && git config user.name t && git add -A")
    return tmp_path


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "GIT_"))}
    environment = {
        **own,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
        "ANSIBLE_NOCOLOR": "1",
    }
    command = ["bash", "-e", "-o", "pipefail", "-c", line]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_steps_are_the_same_everywhere() -> None:
    assert SCRIPTS["github"]["plan"] == SCRIPTS["gitlab"]["plan"]
    assert SCRIPTS["github"]["check"] == SCRIPTS["gitlab"]["check"]


def test_the_plan_is_held_to_the_inventory(folder: Path) -> None:
    lines = SCRIPTS["github"]["plan"]
    assert set(lines[:2]) == FETCHES
    plan, diff, why = lines[2:]
    for line in (plan, "git add -A && git commit -qm plan", plan, diff, why):
        done = shell(folder, line)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    inventory = folder / "hosts.yml"
    inventory.write_text(inventory.read_text().replace("10.0.0.2", "10.0.0.9"))
    assert shell(folder, plan).returncode == 0
    assert shell(folder, diff).returncode == 1


def test_what_is_open_fails_the_job(folder: Path) -> None:
    why = SCRIPTS["github"]["plan"][-1].replace("from=192.0.2.200", "from=ep1").replace("dport=5432", "dport=443")
    assert "dport=443" in why
    assert shell(folder, why).returncode == 1


def test_the_readme_shows_what_the_plan_prints(folder: Path) -> None:
    text = (ROOT / "README.md").read_text()
    match = re.search(r"`(ansible-playbook jsa\.ports\.plan [^`]+)`[^\n]*:\n\n```\n(.+?)```", text, re.DOTALL)
    assert match
    done = shell(folder, match[1])
    assert done.returncode == 0, done.stdout
    assert f"\n\n{match[2]}" in done.stdout


def test_the_change_request(folder: Path) -> None:
    """Every command of the page but the check, with the page's zones and headings."""
    zones, headings = [item.text for item in pages.items("docs/change-request.md") if item.kind == "variables"]
    (folder / "group_vars").mkdir()
    (folder / "group_vars" / "all.yml").write_text(zones)
    request, check, later = [item.text for item in pages.items("docs/change-request.md") if item.kind == "command"]
    assert "jsa.ports.check" in check
    inventory = folder / "hosts.yml"
    whole = inventory.read_text()
    inventory.write_text("\n".join(line for line in whole.splitlines() if "ec1" not in line))
    before = "ansible-playbook jsa.ports.plan -i hosts.yml -e jsa_plan_dest=old.json"
    for line, text, more in ((before, inventory.read_text(), ""), (request, whole, ""), (later, whole, headings)):
        inventory.write_text(text)
        (folder / "group_vars" / "all.yml").write_text(zones + more)
        done = shell(folder, line)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    tables = {form: (folder / "request" / f"{form}_ipv4.csv").read_text() for form in ("flows", "grouped")}
    assert all("con1,10.0.0.1,core,tcp,443,tcp/443" in text for text in tables.values())
    assert {path.name for path in (folder / "request").iterdir()} == {
        "flows_ipv4.csv", "flows_ipv4.xlsx", "grouped_ipv4.csv", "grouped_ipv4.xlsx", "junos.set", "notes.txt",
    }  # fmt: skip
    # Only the collector is new, in the words of the site's form.
    lines = (folder / "later" / "flows_ipv4.csv").read_text().splitlines()
    assert lines[0] == ",".join(yaml.safe_load(headings)["jsa_change_request_columns"])
    assert all(",10.0.1.1," in f",{line}" and ",accept," in line for line in lines[1:])
    assert (folder / "later" / "junos_delete.set").read_text() == ""
