# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which host a whole run of Ansible shows as failed because of a mistake in the inventory: the one that has it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[3]

#: Nothing can be contacted with it: a run that goes on in spite of the mistake has unreachable hosts.
INVENTORY = """
all:
  vars:
    ansible_ssh_executable: /bin/false
    jsa_networks: {admin: none, users: any, api_clients: none, log_sources: any, flow_sources: any,
                   off_site_sources: none, certificate_clients: none}
  children:
    jsa_console: {hosts: {con1: {ansible_host: 127.0.1.1, jsa_address: 10.0.0.1}}}
    jsa_processors:
      hosts:
        ep1: {ansible_host: 127.0.1.2, jsa_address: 10.0.0.2}
        ep2: {ansible_host: 127.0.1.3, jsa_address: 10.0.0.3}
"""


def told(folder: Path, playbook: str, *arguments: str) -> dict[str, str]:
    """What the failed hosts are told, by name. The recap must count the same hosts, and nobody is contacted."""
    environment = {
        **os.environ,
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
    }
    line = [str(Path(sys.executable).parent / "ansible-playbook"), f"jsa.ports.{playbook}", "-i", "hosts.yml"]
    done = subprocess.run([*line, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    found = dict(re.findall(r"^fatal: \[(\w+)\]: FAILED! => (\{.*?\})$", done.stdout, re.MULTILINE | re.DOTALL))
    assert set(found) == set(re.findall(r"^(\w+) +: .* failed=1 ", done.stdout, re.MULTILINE)), done.stdout
    assert "unreachable=1" not in done.stdout
    return {name: str(json.loads(text)["msg"]) for name, text in found.items()}


def write(folder: Path, host: str, mistake: str) -> None:
    """The inventory with a *mistake*, a variable and its value, of one host, or of ``all``."""
    text = INVENTORY.replace("  vars:\n", f"  vars:\n    {mistake}\n" if host == "all" else "  vars:\n")
    (folder / "hosts.yml").write_text(text.replace(f"{host}: {{ansible", f"{host}: {{{mistake}, ansible"))


@pytest.mark.parametrize(
    ("host", "mistake", "wanted"),
    [
        ("ep2", "jsa_encrypted: maybe", {"ep2": "- ep2: jsa_encrypted: 'maybe' is neither"}),
        (
            "ep2",
            "jsa_ha_peer: ep1",
            {
                "ep1": "- ep1, ep2: jsa_ha_virtual_address is not set",
                "ep2": "- ep1, ep2: jsa_ha_virtual_address is not",
            },
        ),
        ("all", "jsa_confidence: best", {"con1": "- jsa_confidence: 'best' is not a list"}),
    ],
)
def test_the_host_that_has_to_be_corrected_is_red(
    tmp_path: Path, host: str, mistake: str, wanted: dict[str, str]
) -> None:
    write(tmp_path, host, mistake)
    found = told(tmp_path, "plan")
    assert set(found) == set(wanted)
    for name, text in found.items():
        assert text.startswith("The plan cannot be computed from this inventory; nothing was changed:\n- ")
        assert wanted[name] in text
        nobody = "\nNo single host is at fault: con1, the first host of the play, reports it."
        assert text.endswith(nobody) == (host == "all")


@pytest.mark.parametrize("arguments", [("plan", "--limit", "con1"), ("firewall", "-e", "jsa_firewall_serial=1")])
def test_no_host_goes_on_if_the_host_at_fault_is_not_there(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """It is outside of --limit, or in a later batch of a rolling change."""
    write(tmp_path, "ep2", "jsa_encrypted: maybe")
    found = told(tmp_path, *arguments)
    assert set(found) == {"con1"} and "- ep2: jsa_encrypted: 'maybe'" in found["con1"]
    whose = "The hosts at fault are not in this play or batch: con1, the first host of the play, reports it."
    assert found["con1"].endswith(whose)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("preflight",),
        ("discover",),
        ("firewall",),
        ("firewall", "-e", "jsa_firewall_backend=report"),
        ("firewall", "-e", "jsa_firewall_backend=console", "-e", "jsa_console_url=https://127.0.0.1:9"),
    ],
)
def test_every_playbook_ends_before_it_contacts_a_host(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    write(tmp_path, "ep2", "jsa_encrypted: maybe")
    assert set(told(tmp_path, *arguments)) == {"ep2"}
