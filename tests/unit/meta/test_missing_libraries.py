# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller without the Python libraries says so in Ansible's own words, and nothing else breaks before."""

from __future__ import annotations

import os
import subprocess
import sys

from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[3]
INVENTORY = """\
all:
  vars: {jsa_networks: {admin: none, users: none, api_clients: none, certificate_clients: none, log_sources: none,
                        flow_sources: none, off_site_sources: none}}
  children: {jsa_console: {hosts: {con1: {ansible_host: 10.0.0.1}}}}
"""
#: Found before every other module of the name, wherever the process imports it.
BLOCKER = "raise ImportError('not on this controller')\n"


def play(folder: Path, *arguments: str, without: str | None) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
    environment = {
        **own,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        "COLUMNS": "1000",
        "HOME": str(folder),
    }
    if without:
        (folder / "blocked").mkdir()
        (folder / "blocked" / f"{without}.py").write_text(BLOCKER)
        environment["PYTHONPATH"] = str(folder / "blocked")
    (folder / "hosts.yml").write_text(INVENTORY)
    program = Path(sys.executable).parent / arguments[0]
    command = [str(program), *arguments[1:]]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


PLAN = ("ansible-playbook", "-i", "hosts.yml", "jsa.ports.plan")
QUERY = "{{ query('jsa.ports.catalog', '22/tcp', query='[].id') }}"
LOOKUP = ("ansible", "localhost", "-m", "ansible.builtin.debug", "-a", f'msg="{QUERY}"')


REQUEST = ("ansible-playbook", "-i", "hosts.yml", "jsa.ports.change_request", "-e", "jsa_change_request_dest=request")
NFTABLES = (*REQUEST, "-e", '{"jsa_change_request_formats": ["nftables"]}')
NO_LIBRARY = (*REQUEST, "-e", '{"jsa_change_request_formats": ["csv", "junos"]}')
NEEDED = {"netaddr": PLAN, "jmespath": LOOKUP, "xlsxwriter": REQUEST, "aerleon": NFTABLES}


@pytest.mark.parametrize(("library", "command"), NEEDED.items())
def test_the_library_is_named(tmp_path: Path, command: tuple[str, ...], library: str) -> None:
    done = play(tmp_path, *command, without=library)
    told = " ".join(f"{done.stdout} {done.stderr}".split())
    assert done.returncode != 0, told
    assert f"Failed to import the required Python library ({library})" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("command", NEEDED.values(), ids=NEEDED)
def test_with_the_libraries_it_works(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = play(tmp_path, *command, without=None)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lookup_needs_no_library_without_its_option(tmp_path: Path) -> None:
    plain = [word.replace(", query='[].id'", "") for word in LOOKUP]
    done = play(tmp_path, *plain, without="jmespath")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("library", ["xlsxwriter", "aerleon"])
def test_a_request_needs_no_library_of_other_formats(tmp_path: Path, library: str) -> None:
    done = play(tmp_path, *NO_LIBRARY, without=library)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "request" / "junos.set").exists()


def test_the_format_that_needs_a_library_is_named(tmp_path: Path) -> None:
    done = play(tmp_path, *REQUEST, without="xlsxwriter")
    told = " ".join(f"{done.stdout} {done.stderr}".split())
    assert "for the format xlsx, which you can leave out of jsa_change_request_formats" in told
    assert not (tmp_path / "request").exists()
