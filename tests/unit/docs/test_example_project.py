# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project in examples/, used as its README says: from a copy, with the CI's own lines."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[3]
PROJECT = ROOT / "examples"
#: They fetch what a test has at hand already.
FETCHES = {"pip install -r requirements.txt", "ansible-galaxy collection install -r requirements.yml"}


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    (tmp_path / "password").write_text("example\n")
    run(folder, "git init -q . && git config user.email t@example.com && git config user.name t && git add -A")
    return folder


def run(folder: Path, line: str, **more: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "GIT_"))}
    environment = {
        **own,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
        "ANSIBLE_NOCOLOR": "1",
        **more,
    }
    command = ["bash", "-e", "-o", "pipefail", "-c", line]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def works(folder: Path, line: str, **more: str) -> str:
    done = run(folder, line, **more)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def read(name: str) -> Any:
    return yaml.safe_load((PROJECT / name).read_text())


def scripts() -> dict[str, dict[str, list[str]]]:
    jobs = read(".github/workflows/jsa.yml")["jobs"]
    github = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    return {"github": github, "gitlab": {name: job["script"] for name, job in read(".gitlab-ci.yml").items()}}


def test_both_ci_systems_do_the_same() -> None:
    found = scripts()
    assert found["github"] == found["gitlab"]


def test_the_plan_of_a_change(folder: Path) -> None:
    """Without a password, and without a connection to anybody."""
    lines = scripts()["github"]["plan"]
    assert set(lines[:2]) == FETCHES
    plan, diff, why = lines[2:]
    told = works(folder, plan)
    assert "[WARNING]" not in told and "changed=0" in told
    works(folder, "git add -A && git commit -qm plan")
    for line in (plan, diff, why):
        works(folder, line)
    hosts = json.loads((folder / "plan.json").read_text())["hosts"]
    assert set(hosts) == {"con1", "con2", "ep1", "dn1", "app1", "ec1", "fc1"}
    assert {host["management_addresses"][0] for host in hosts.values()} == {"192.0.2.5/32"}
    inventory = folder / "inventory" / "hosts.yml"
    inventory.write_text(inventory.read_text().replace("10.0.0.21", "10.0.0.22"))
    works(folder, plan)
    assert run(folder, diff).returncode == 1


def test_the_readme_is_what_works(folder: Path) -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    lines = [line for line in block.splitlines() if line not in FETCHES]
    assert len(lines) == 3 and "--check" in lines[-1]
    works(folder, lines[0])
    assert "accepted" in works(folder, lines[1])
    listed = {
        name
        for cell in re.findall(r"^\| (`.*?) \|", (PROJECT / "README.md").read_text(), re.MULTILINE)
        for name in re.findall(r"`(.+?)`", cell)
    }
    assert len(listed) > 8 and all((PROJECT / name).exists() for name in listed)


def test_the_playbooks(folder: Path) -> None:
    for playbook in ("site.yml", "check.yml"):
        works(folder, f"ansible-playbook {playbook} --syntax-check")


def test_how_hosts_are_logged_in_to(folder: Path) -> None:
    """As a user with sudo, whose password is in the vault, through the bastion; the bastion without itself."""
    told = json.loads(
        works(
            folder,
            "ansible-inventory --list",
            ANSIBLE_VAULT_PASSWORD_FILE=str(folder.parent / "password"),
        )
    )
    variables = told["_meta"]["hostvars"]
    assert "ProxyJump=jump@192.0.2.5" in variables["ec1"]["ansible_ssh_common_args"]
    assert (variables["ec1"]["ansible_user"], variables["ec1"]["ansible_become"]) == ("jsaadmin", True)
    assert "ansible_ssh_common_args" not in variables["bastion"] and variables["bastion"]["ansible_host"] == "192.0.2.5"
    command = "ansible -m ansible.builtin.debug -a var=ansible_become_password ep1"
    assert "change me" in works(folder, command, ANSIBLE_VAULT_PASSWORD_FILE=str(folder.parent / "password"))
    assert "change me" not in (PROJECT / "inventory" / "group_vars" / "jsa.yml").read_text()


def test_what_it_requires() -> None:
    assert [item["name"] for item in read("requirements.yml")["collections"]] == ["jsa.ports"]
    assert read("execution-environment.yml")["dependencies"]["galaxy"] == "requirements.yml"
    needed = {re.split(r"[<>=]", line)[0] for line in (ROOT / "requirements.txt").read_text().split() if line[0] != "#"}
    own = (PROJECT / "requirements.txt").read_text()
    assert all(re.search(rf"^{name}\b", own, re.MULTILINE) for name in needed if name in ("netaddr", "jmespath"))


def test_it_is_not_in_the_tarball() -> None:
    assert "examples" in yaml.safe_load((ROOT / "galaxy.yml").read_text())["build_ignore"]
