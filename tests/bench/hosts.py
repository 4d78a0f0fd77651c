# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts that are measured, and how Ansible and everything else is run against them."""

from __future__ import annotations

import contextlib
import json
import subprocess

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab import Lab
from lab.api import take_down

from ansible_collections.jsa.ports.tests.bench import peers, process
from ansible_collections.jsa.ports.tests.bench.process import Timed, UnmeasurableError

LAB = "bench-hosts"

#: A console with firewalld, and two machines without, for sockets and probes.
CONSOLE, NEAR, FAR = "con1", "near1", "far1"
ADDRESSES = {CONSOLE: "10.77.0.11", NEAR: "10.77.0.41", FAR: "10.77.0.42"}
_INVENTORY = {
    "all": {
        "hosts": {
            name: {"ansible_host": address, "lab_firewalld": name == CONSOLE} for name, address in ADDRESSES.items()
        }
    }
}
_HOLDER = Path(__file__).resolve().parent / "holder.py"


class Hosts:
    """A lab that is up, with a folder for what runs against it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab = lab
        self._folder = folder
        self._environment = peers.environment(folder)

    def ansible(self, *argv: str, environment: dict[str, str] | None = None) -> Timed:
        """``ansible`` or ``ansible-playbook``, a whole process, in the network of the lab's controller."""
        name, *rest = argv
        command = [*self._lab.entering(None), peers.program(name), "-i", str(self._lab.state.inventory), *rest]
        return process.run(command, {**self._environment, **(environment or {})})

    def module(self, host: str, name: str, arguments: dict[str, Any]) -> Timed:
        """One module by ``ansible -m``."""
        given = ["-a", json.dumps(arguments)] if arguments else []
        return self.ansible("ansible", host, "-m", name, *given)

    def play(self, host: str, task: dict[str, Any]) -> Timed:
        """One task by ``ansible-playbook``."""
        file = self._folder / "play.json"
        file.write_text(json.dumps([{"hosts": host, "gather_facts": False, "tasks": [task]}]))
        return self.ansible("ansible-playbook", str(file))

    def packing(self, module: str) -> float:
        """The seconds that the controller needs to pack a module."""
        # By its path: as a module of the collection, it would keep Ansible's loader of collections from being one.
        command = [peers.program("python"), str(Path(__file__).with_name("packing.py")), module]
        return float(process.run(command, self._environment).output)

    def run(self, host: str, *argv: str) -> Timed:
        """A command on a host, without SSH."""
        return process.run([*self._lab.entering(host), *argv])

    def warm_up(self, host: str) -> None:
        """Opens the connection that ControlPersist keeps, as it is in a play of more than one task."""
        self.module(host, "ansible.builtin.ping", {})

    def sent_module(self, host: str, name: str, arguments: dict[str, Any], mark: str = "once") -> list[str]:
        """Lets Ansible send a module and leave it there: the command that runs that very file again on the host."""
        folder = f"/var/tmp/bench-{name}-{mark}"
        more = {"ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_REMOTE_TMP": folder}
        given = ["-a", json.dumps(arguments)] if arguments else []
        self.ansible("ansible", host, "-m", name, *given, environment=more)
        sent = self.run(host, "find", folder, "-name", "AnsiballZ_*.py").output.split()
        if len(sent) != 1:
            raise UnmeasurableError(f"Ansible left {len(sent)} modules in {folder} of {host} instead of one")
        return ["/usr/bin/python3", sent[0]]

    @contextlib.contextmanager
    def holding(self, host: str, processes: int, ports: list[int]) -> Iterator[None]:
        """So many processes on a host hold listening sockets, one for each port."""
        command = ["/usr/bin/python3", "-c", _HOLDER.read_text(), str(processes), *map(str, ports)]
        holder = subprocess.Popen(
            [*self._lab.entering(host), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        with holder:
            assert holder.stdin and holder.stdout
            try:
                if holder.stdout.readline() != "ready\n":
                    raise UnmeasurableError(f"{host} cannot listen on {len(ports)} ports")
                yield
            finally:
                holder.stdin.close()


@contextlib.contextmanager
def hosts(folder: Path) -> Iterator[Hosts]:
    """Builds the lab, and takes it away whatever happens."""
    inventory = folder / "hosts.yml"
    inventory.write_text(json.dumps(_INVENTORY))
    # What a run that was killed has left would count as found.
    take_down(LAB)
    with Lab.up(inventory, LAB) as lab:
        yield Hosts(lab, folder)
