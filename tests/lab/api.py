# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests, the demo and the command line use."""

from __future__ import annotations

import importlib.util
import ipaddress
import json
import os
import subprocess
import sys

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab import container, lifecycle, network, requirements
from lab import inventory as inventories
from lab.errors import LabError, ProbeError
from lab.host import RunningHost
from lab.inventory import Host, Plan
from lab.lifecycle import Say
from lab.state import State, write

_HERE = Path(__file__).resolve().parent
_COLLECTION = _HERE.parents[1]

#: Address, port, protocol.
Target = tuple[str, int, str]


class Lab:
    """A lab that is up, whoever has built it."""

    def __init__(self, name: str = "default") -> None:
        self.name = name
        self.state = State(name)
        if not self.state.load():
            raise LabError(f"there is no lab {name}: python3 tests/lab up --inventory FILE --name {name}")

    @classmethod
    def up(
        cls,
        inventory: str | Path,
        name: str = "default",
        say: Say = lambda line: None,
        kind: str = "namespaces",
        hosts: bool = True,
    ) -> Lab:
        """Builds what is missing, or the controller's network alone. If it fails, nothing that it has started stays."""
        requirements.check()
        plan = inventories.read(inventory)
        state = State(name)
        with state.locked():
            lifecycle.Builder(state, plan, str(Path(inventory).resolve()), kind, say).build(hosts)
        return cls(name)

    def down(self) -> None:
        """Takes all of it away."""
        take_down(self.name)

    def hosts_down(self) -> None:
        """Takes the hosts away and leaves the controller's network, with whoever runs in it."""
        with self.state.locked():
            lifecycle.take_hosts_down(self.state)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *exception: object) -> None:
        self.down()

    @property
    def content(self) -> dict[str, Any]:
        content = self.state.load()
        if not content:
            raise LabError(f"lab {self.name} is gone")
        return content

    @property
    def plan(self) -> Plan:
        return lifecycle.plan_of(self.content)

    @property
    def hosts(self) -> dict[str, Host]:
        return self.plan.hosts

    @property
    def inventory(self) -> Path:
        """The inventory that the lab was built from."""
        return Path(self.content["inventory"])

    def host(self, name: str) -> RunningHost:
        if name not in self.hosts:
            raise LabError(f"lab {self.name} has no host {name}, it has: {', '.join(self.hosts)}")
        return RunningHost(self.state, name)

    def port(self, name: str) -> str:
        """The host's interface on the bridge, in the controller's namespace."""
        self.host(name)
        return str(self.content["ports"][name])

    def entering(self, host: str | None) -> list[str]:
        """The prefix that runs a command in the controller's network or on a host."""
        return network.entering(lifecycle.controller(self.state)) if host is None else self.host(host).entering()

    def module(
        self,
        host: str,
        name: str,
        arguments: Mapping[str, Any],
        *,
        prefix: Sequence[str] = (),
        python: str = "/usr/bin/python3",
    ) -> dict[str, Any]:
        """The result of a module that runs on a host as Ansible runs it, without the second that Ansible takes for it.

        With a *prefix*, a program that runs the module, it may be killed: then there is none.
        """
        told = self.run(
            host,
            [python, *prefix, str(_COLLECTION / "plugins" / "modules" / f"{name}.py")],
            stdin=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
            environment=module_environment(),
        )
        if prefix and not told.stdout and told.returncode in (-9, 137):
            return {}
        if not told.stdout:
            raise LabError(f"{host}: {name} has no result: {told.stderr}")
        result: dict[str, Any] = json.loads(told.stdout)
        return result

    def run(
        self,
        host: str | None,
        argv: Sequence[str],
        *,
        stdin: str | None = None,
        timeout: float | None = 120.0,
        check: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command on a host as root, or, without a host, here but in the controller's network."""
        own = dict(os.environ) if host is None else {}
        more = {**own, **(environment or {})}
        prefix = self.entering(host)
        if host is not None:
            prefix += [f"{key}={value}" for key, value in more.items()]
        result = subprocess.run(
            [*prefix, *argv],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=more if host is None else None,
            check=False,
        )
        if check and result.returncode != 0:
            told = f"{result.stdout}{result.stderr}"
            raise LabError(f"{host or 'controller'}: {' '.join(argv)}: exit {result.returncode}\n{told}")
        return result

    def probe(self, from_host: str | None, address: str, port: int, protocol: str = "tcp", timeout: float = 1.0) -> str:
        """``open``, ``refused``, ``prohibited`` or ``no_answer``, seen from a host or the controller."""
        return self.probes(from_host, [(address, port, protocol)], timeout)[0]

    def probes(self, from_host: str | None, targets: Iterable[Target], timeout: float = 1.0) -> list[str]:
        """Many at once. A host sends one ICMP error a second to a peer by default: a burst sees silence."""
        process = lifecycle.controller(self.state) if from_host is None else self.host(from_host).require()
        wanted = list(targets)
        for address, port, protocol in wanted:
            ipaddress.ip_address(address)
            if protocol not in ("tcp", "udp") or not 1 <= port <= 65535:
                raise ProbeError(f"{address} {port}/{protocol}: no port to probe")
        result = subprocess.run(
            [*network.entering(process), sys.executable, "-I", "-S", str(_HERE / "prober.py")],
            input=json.dumps({"targets": wanted, "timeout": timeout}),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise ProbeError(result.stderr.strip())
        answers: list[str] = json.loads(result.stdout)
        failed = [
            f"{target}: {answer}" for target, answer in zip(wanted, answers, strict=True) if answer.startswith("error")
        ]
        if failed:
            raise ProbeError(f"from {from_host or 'the controller'}: {'; '.join(failed)}")
        return answers

    def ansible_environment(
        self, collections_path: str | Path | None = None, config: str | Path | None = None
    ) -> dict[str, str]:
        """An environment in which only this lab and this collection exist."""
        own = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "SSH_"))}
        home = self.state.dir / "ansible"
        home.mkdir(exist_ok=True)
        # Strangers beside the deployment are skipped task by task, which nobody wants to read.
        write(home / "ansible.cfg", "[defaults]\ndisplay_skipped_hosts = false\n")
        programs = str(Path(requirements.ansible_program("ansible-playbook")).parent)
        return {
            **own,
            "PATH": os.pathsep.join([programs, requirements.SEARCH_PATH]),
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": str(home),
            "ANSIBLE_CONFIG": str(config or home / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections_path or self._collections()),
            "ANSIBLE_NOCOLOR": "1",
        }

    def _collections(self) -> Path:
        """This collection where Ansible looks for one, without installing it."""
        root = self.state.dir / "collections"
        link = root / "ansible_collections" / "jsa" / "ports"
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(_COLLECTION)
        return root

    def ansible(
        self,
        argv: Sequence[str],
        *,
        inventory: str | Path | None = None,
        collections_path: str | Path | None = None,
        config: str | Path | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float = 600.0,
        check: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """``ansible`` or ``ansible-playbook`` in the controller's network, on the lab's inventory."""
        program, *rest = argv
        sources = ["-i", str(inventory or self.inventory), "-i", str(self.state.inventory)]
        return self.run(
            None,
            [requirements.ansible_program(program), *sources, *rest],
            environment={**self.ansible_environment(collections_path, config), **(environment or {})},
            timeout=timeout,
            check=check,
        )

    def load_services(self, plan: str | Path | Mapping[str, Any]) -> None:
        """Binds on each host what the plan says must listen there, and nothing else."""
        if isinstance(plan, Mapping):
            content: Mapping[str, Any] = plan
        else:
            try:
                content = json.loads(Path(plan).read_text())
            except (OSError, ValueError) as error:
                raise LabError(f"{plan}: not a plan: {error}") from error
        known = [name for name in self.hosts if name in content.get("hosts", {})]
        if not known:
            raise LabError(f"the plan knows none of the lab's hosts ({', '.join(self.hosts)})")
        problems = []
        for name in known:
            listeners = content["hosts"][name].get("listeners", [])
            running = self.host(name)
            write(running.shared / "listeners.json", json.dumps(listeners))
            try:
                self.daemon(name, "start", "standin")
                running.ask("standin.sock", {"verb": "load", "listeners": listeners})
            except LabError as error:
                problems.append(str(error))
        if problems:
            raise LabError("\n".join(problems))

    def services(self, host: str, verb: str = "status", port: str = "", bind: str = "") -> dict[str, Any]:
        """``start``, ``stop``, ``rebind`` or ``status``: what the stand-in on a host binds, ``tcp/32006`` by name."""
        running = self.host(host)
        if not self.daemon(host, "status")["daemons"]["standin"]["running"]:
            if verb == "status":
                return {"ok": True, "sockets": {}, "broker": {}}
            self.daemon(host, "start", "standin")
        return running.ask("standin.sock", {"verb": verb, "port": port, **({"bind": bind} if bind else {})})

    def port_mapper(self, host: str, manner: str) -> None:
        """How the stand-in's port mapper answers from now on, by a name of ``standin_protocols.MANNERS``."""
        self.host(host).ask("standin.sock", {"verb": "mapper", "manner": manner})

    def daemon(self, host: str, verb: str, name: str = "") -> dict[str, Any]:
        """``start``, ``stop``, ``restart``, ``kill`` or ``status`` of dbus, sshd, firewalld or the stand-in."""
        if lifecycle.kind_of(self.content) == "podman":
            return container.daemon(self.host(host), verb, name)
        return self.host(host).ask("init.sock", {"verb": verb, "daemon": name})

    def reboot(self, host: str) -> float:
        """Power off and on again: memory is lost, files stay."""
        self.host(host)
        with self.state.locked():
            return lifecycle.start_again(self.state, host)

    def ruleset(self, host: str) -> str:
        """Everything that nftables holds on the host."""
        return self.run(host, ["nft", "list", "ruleset"], check=True).stdout

    def snapshot(self, host: str, path: str) -> dict[str, bytes]:
        """The files below a folder of the host by their relative names, links as ``-> target``."""
        root = self.host(host).path(path)
        found = {}
        for folder, folders, files in os.walk(root):
            for name in [*folders, *files]:
                entry = Path(folder) / name
                if entry.is_symlink():
                    found[str(entry.relative_to(root))] = f"-> {os.readlink(entry)}".encode()
                elif entry.is_file():
                    found[str(entry.relative_to(root))] = entry.read_bytes()
        return found

    def ways_out(self) -> list[str]:
        """What would let a packet leave the controller's namespace. Always empty, or ``up`` had refused."""
        return network.ways_out(lifecycle.controller(self.state))

    def status(self) -> dict[str, dict[str, Any]]:
        """Each host with its addresses and daemons."""
        found: dict[str, dict[str, Any]] = {}
        for name, spec in self.hosts.items():
            running = RunningHost(self.state, name)
            daemons = self.daemon(name, "status")["daemons"] if running.ready else {}
            found[name] = {"addresses": list(spec.addresses), "running": running.ready, "daemons": daemons}
        return found

    @property
    def namespace(self) -> str:
        """The controller's network namespace, as ``nsenter --net=`` takes it."""
        return lifecycle.controller(self.state).namespace("net")


def module_environment() -> dict[str, str]:
    """What a program on a host needs to find this collection, and Ansible."""
    ansible = importlib.util.find_spec("ansible")
    assert ansible is not None and ansible.origin is not None
    return {"PYTHONPATH": f"{_COLLECTION / '.dev'}:{Path(ansible.origin).parent.parent}"}


def take_down(name: str) -> bool:
    """Takes a lab away, even one whose ``up`` was killed halfway. False if there was none."""
    requirements.check_root()
    state = State(name)
    if not state.exists():
        return False
    with state.locked():
        lifecycle.take_down(state)
    return True
