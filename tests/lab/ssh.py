# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, the hosts' sshd, and what ssh and Ansible must be told to reach the hosts and nothing else."""

from __future__ import annotations

import json
import subprocess

from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.inventory import Host, Plan
from lab.state import State, write


def make_keys(folder: Path) -> None:
    """One key for all hosts and one for the lab's client: what counts is that both belong to this lab only."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in ("host", "client"):
        path = folder / name
        if path.with_suffix(".pub").exists():
            continue
        path.unlink(missing_ok=True)
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"jsa-lab-{name}", "-f", str(path)]
        result = subprocess.run(argv, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise LabError(f"ssh-keygen: {result.stderr.strip()}")


def sshd_config(host: Host) -> str:
    """Paths as the host sees them. Limits are wide: dozens of connections at once are what tests are made of."""
    return "\n".join(
        [
            f"Port {host.ssh_port}",
            "HostKey /run/jsa-lab/ssh_host_key",
            "AuthorizedKeysFile /run/jsa-lab/authorized_keys",
            "StrictModes no",
            "UsePAM no",
            "PermitRootLogin prohibit-password",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PrintMotd no",
            "PrintLastLog no",
            "UseDNS no",
            "PidFile none",
            "MaxStartups 200",
            "MaxSessions 200",
            "Subsystem sftp internal-sftp",
            "",
        ]
    )


def write_client(state: State, plan: Plan, token: str) -> None:
    """``ssh_config`` for people and tools, ``lab.yml`` as the second inventory for Ansible."""
    control = state.control_dir(token)
    control.mkdir(mode=0o700, exist_ok=True)
    key = " ".join((state.keys / "host.pub").read_text().split()[:2])
    known = []
    lines = []
    for name, host in plan.hosts.items():
        names = [name, *host.addresses]
        if host.ssh_port != 22:
            names = [f"[{entry}]:{host.ssh_port}" for entry in names]
        known.append(f"{','.join(names)} {key}")
        lines += [f"Host {name}", f"  HostName {host.address}", f"Host {name} {' '.join(host.addresses)}"]
        lines += [f"  Port {host.ssh_port}", ""]
    lines += [
        "Host *",
        "  User root",
        f"  IdentityFile {state.keys / 'client'}",
        "  IdentitiesOnly yes",
        "  IdentityAgent none",
        f"  UserKnownHostsFile {state.dir / 'known_hosts'}",
        "  GlobalKnownHostsFile /dev/null",
        "  StrictHostKeyChecking yes",
        "  CheckHostIP no",
        f"  ControlPath {control}/%C",
        "  ConnectTimeout 10",
        "",
    ]
    write(state.dir / "known_hosts", "\n".join(known) + "\n")
    write(state.ssh_config, "\n".join(lines))
    hosts = {name: _variables(state, host, control) for name, host in plan.hosts.items() if host.sshd}
    # JSON is YAML, and what is written once and read by a machine needs no second library.
    write(state.inventory, json.dumps({"all": {"hosts": hosts}}, indent=1) + "\n")


def _variables(state: State, host: Host, control: Path) -> dict[str, Any]:
    return {
        "ansible_host": host.address,
        "ansible_port": host.ssh_port,
        "ansible_user": "root",
        "ansible_connection": "ssh",
        "ansible_ssh_private_key_file": str(state.keys / "client"),
        "ansible_ssh_common_args": f"-F {state.ssh_config}",
        # By Ansible's default the socket's name rests on address, port and user: two labs would share one.
        "ansible_control_path_dir": str(control),
        "ansible_python_interpreter": host.python,
    }
