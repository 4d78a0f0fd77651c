# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tarball as users get it: nothing stray in it, and it works from an empty folder with nothing else around."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.jsa.ports.tests.tree import copy_project, project_files

ROOT = Path(__file__).resolve().parents[2]
MADE_BY_GALAXY = {"MANIFEST.json", "FILES.json"}
#: Files of a checkout that an installed collection has no use for.
CHECKOUT_ONLY = {"Makefile", "ansible.cfg", "antsibull-nox.toml", "galaxy.yml", "noxfile.py"}

INVENTORY = """\
all:
  vars:
    ansible_connection: local
    jsa_networks:
      {admin: [192.0.2.0/28], users: any, api_clients: none, log_sources: [198.51.100.0/24], flow_sources: none,
       wincollect_agents: none, snmp_managers: none, packet_capture_sources: none, off_site_sources: none,
       certificate_clients: none}
  children:
    jsa_console: {hosts: {con1: {jsa_address: 203.0.113.1}}}
    jsa_event_processors: {hosts: {ep1: {jsa_address: 203.0.113.2}}}
"""


def ansible(command: str, *arguments: str, folder: Path, collections: Path | None = None) -> str:
    """What *command* prints, run in *folder* as by somebody who has no checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
    environment.update(HOME=str(folder), ANSIBLE_NOCOLOR="1")
    if collections:
        environment["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
    program = [Path(sys.executable).parent / command, *arguments]
    done = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(source: Path, target: Path) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    ansible("ansible-galaxy", "collection", "build", str(source), "--output-path", str(target), folder=target)
    (tarball,) = target.glob("jsa-ports-*.tar.gz")
    return tarball


def files_in(tarball: Path) -> set[str]:
    with tarfile.open(tarball) as archive:
        return {member.name for member in archive.getmembers() if not member.isdir()}


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the checkout itself, with whatever environments, caches and results lie in it."""
    return build(ROOT, tmp_path_factory.mktemp("tarball"))


@pytest.fixture(scope="module")
def collections(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder into which only the tarball was installed."""
    folder = tmp_path_factory.mktemp("installed")
    ansible("ansible-galaxy", "collection", "install", "--offline", "-p", str(folder), str(tarball), folder=folder)
    return folder


@pytest.fixture(scope="module")
def installed(collections: Path) -> Path:
    return collections / "ansible_collections" / "jsa" / "ports"


def test_every_file_is_one_of_the_project(tarball: Path) -> None:
    assert files_in(tarball) - MADE_BY_GALAXY - set(project_files(ROOT)) == set()


def test_every_file_is_text_but_for_the_pictures(tarball: Path) -> None:
    # A package or a picture of somebody's own, lying untracked in the checkout, would otherwise go out with it.
    binary = []
    with tarfile.open(tarball) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            if content and b"\0" in content.read():
                binary.append(member.name)
    assert binary == ["docs/images/report.png"]


def test_nothing_is_missing(tarball: Path) -> None:
    visible = {name for name in project_files(ROOT) if not name.startswith((".", "examples/"))}
    assert visible - CHECKOUT_ONLY - files_in(tarball) == set()


def test_what_belongs_to_a_checkout_stays_out(tarball: Path) -> None:
    assert {name for name in files_in(tarball) if name.startswith((".", "examples/")) or name in CHECKOUT_ONLY} == set()


def test_strays_stay_out(tmp_path: Path) -> None:
    source = tmp_path / "ansible_collections" / "jsa" / "ports"
    copy_project(ROOT, source)
    clean = files_in(build(source, tmp_path / "clean"))
    for stray in (
        ".cache/lab/bookworm/etc/shadow",
        ".venv/bin/python",
        ".dev/ansible_collections/jsa/other/galaxy.yml",
        ".ci/run",
        ".git/objects/pack/stray.pack",
        "dist/jsa-ports-0.0.1.tar.gz",
        "jsa-ports-0.0.1.tar.gz",
        "tests/output/junit/report.xml",
        "plugins/modules/__pycache__/listeners.cpython-311.pyc",
        "tests/unit/__pycache__/test_x.cpython-311.pyc",
        "playbooks/site.retry",
    ):
        (source / stray).parent.mkdir(parents=True, exist_ok=True)
        (source / stray).write_text("stray")
    assert files_in(build(source, tmp_path / "strewn")) == clean


def test_the_collection_says_what_it_needs(installed: Path) -> None:
    manifest = json.loads((installed / "MANIFEST.json").read_text())["collection_info"]
    assert (manifest["namespace"], manifest["name"], manifest["dependencies"]) == ("jsa", "ports", {})
    assert yaml.safe_load((installed / "meta" / "runtime.yml").read_text())["requires_ansible"] == ">=2.16.0"
    python = yaml.safe_load((installed / "meta" / "execution-environment.yml").read_text())["dependencies"]["python"]
    assert {line.split(">=")[0] for line in (installed / python).read_text().splitlines() if line[:1].isalpha()} == {
        "jmespath",
        "netaddr",
    }


def test_the_action_group_holds_every_module(installed: Path) -> None:
    runtime = yaml.safe_load((installed / "meta" / "runtime.yml").read_text())
    assert runtime["action_groups"]["jsa"] == sorted(path.stem for path in (installed / "plugins/modules").glob("*.py"))


def documentation(kind: str, names: list[str], collections: Path) -> dict[str, Any]:
    shown = ansible("ansible-doc", "--json", "-t", kind, *names, folder=collections, collections=collections)
    documented: dict[str, Any] = json.loads(shown)
    return documented


@pytest.mark.parametrize("kind", ["module", "lookup"])
def test_every_plugin_is_documented(installed: Path, collections: Path, kind: str) -> None:
    folder = installed / "plugins" / ("modules" if kind == "module" else kind)
    names = sorted(f"jsa.ports.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__")
    assert names
    shown = documentation(kind, names, collections)
    assert sorted(shown) == names
    for name in names:
        assert shown[name]["doc"]["short_description"], name
        assert shown[name]["examples"], name
        assert shown[name]["return"], name


def test_every_role_is_documented(installed: Path, collections: Path) -> None:
    names = sorted(f"jsa.ports.{path.name}" for path in (installed / "roles").iterdir())
    assert names
    shown = documentation("role", names, collections)
    assert sorted(shown) == names
    for name in names:
        assert shown[name]["entry_points"]["main"]["options"], name


def test_every_playbook_is_found_by_its_name(installed: Path, collections: Path, tmp_path: Path) -> None:
    names = sorted(path.stem for path in (installed / "playbooks").glob("*.yml"))
    assert names
    (tmp_path / "inventory.yml").write_text(INVENTORY)
    for name in names:
        command = ("ansible-playbook", "-i", "inventory.yml", "--syntax-check", f"jsa.ports.{name}")
        ansible(*command, folder=tmp_path, collections=collections)


def test_a_plan_comes_out_of_it(collections: Path, tmp_path: Path) -> None:
    (tmp_path / "inventory.yml").write_text(INVENTORY)
    written = tmp_path / "plan.json"
    command = ("ansible-playbook", "-i", "inventory.yml", "-e", f"jsa_plan_dest={written}", "jsa.ports.plan")
    ansible(*command, folder=tmp_path, collections=collections)
    plan = json.loads(written.read_text())
    assert (plan["version"], sorted(plan["hosts"])) == (1, ["con1", "ep1"])
