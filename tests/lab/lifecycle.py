# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab's coming and going: what is missing is built, what is ours is taken away, whatever happened in between."""

from __future__ import annotations

import os
import secrets
import shutil
import threading

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from lab import container, host, network, processes, ssh
from lab.errors import LabError
from lab.host import RunningHost
from lab.inventory import Host, Plan
from lab.processes import Process
from lab.state import State

Say = Callable[[str], None]

_HOLD = 'read -r go && [ "$go" = go ] && exec sleep infinity'


def boot_id() -> str:
    """Another boot, and every pid that was written down means nothing any more."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def controller(state: State) -> Process:
    """The process that holds the controller's namespace."""
    process = processes.recorded(state.controller / "process")
    if process is None:
        raise LabError(f"lab {state.name} is not up")
    return process


def plan_of(content: dict[str, Any]) -> Plan:
    hosts = {name: Host.from_dict(values) for name, values in content["hosts"].items()}
    return Plan(hosts, tuple(content["subnets"]), tuple(content["controller"]))


def kind_of(content: dict[str, Any]) -> str:
    """``namespaces`` or ``podman``."""
    return str(content.get("kind", "namespaces"))


def starter(content: dict[str, Any]) -> Callable[..., float]:
    return container.start if kind_of(content) == "podman" else host.start


class Builder:
    """One run of ``up``."""

    def __init__(self, state: State, plan: Plan, inventory: str, kind: str, say: Say) -> None:
        self.state = state
        self.plan = plan
        self.inventory = inventory
        self.kind = kind
        self.say = say
        self.cancelled = threading.Event()
        self.started: list[str] = []
        self.content = state.load()
        self.fresh = not self.content or self.content.get("boot_id") != boot_id()

    @property
    def token(self) -> str:
        return str(self.content["token"])

    def build(self, with_hosts: bool) -> None:
        try:
            self._build(with_hosts)
        except BaseException:
            self.cancelled.set()
            self._undo()
            raise

    def _build(self, with_hosts: bool) -> None:
        if self.kind == "podman" and container.Engine().prepare():
            self.say("the containers' image was made")
        if not self.fresh and not _lives(self.state):
            # Whoever had it was ended with all that ran here, so nobody counts on what its hosts have written.
            _clear(self.state)
            self.fresh = True
        if self.fresh:
            _forget(self.state)
            self.content = {"token": secrets.token_hex(4), "ports": {}}
        else:
            self._drop_outdated()
        former = set(self.content.get("subnets", ()))
        self._save()
        holder = self._controller()
        network.set_up_controller(holder, self.plan, self.token)
        network.assert_isolated(holder)
        ssh.make_keys(self.state.keys)
        ssh.write_client(self.state, self.plan, self.token)
        missing = []
        for name, spec in self.plan.hosts.items() if with_hosts else ():
            running = RunningHost(self.state, name)
            if not running.ready:
                missing.append(spec)
                continue
            host.write_names(running, self.plan)
            if set(self.plan.subnets) - former:
                network.add_subnets(running.require(), spec, self.plan)
        self._start(holder, missing)
        network.assert_isolated(holder)

    def _save(self) -> None:
        """Before anything is started: ``down`` needs the token, whenever we are killed."""
        ports = {name: port for name, port in self.content["ports"].items() if name in self.plan.hosts}
        used = {int(port[1:]) for port in ports.values()}
        free = (number for number in range(1, len(self.plan.hosts) + len(used) + 1) if number not in used)
        for name in self.plan.hosts:
            if name not in ports:
                ports[name] = f"v{next(free)}"
        self.content.update(
            version=1,
            name=self.state.name,
            kind=self.kind,
            boot_id=boot_id(),
            inventory=self.inventory,
            hosts={name: spec.as_dict() for name, spec in self.plan.hosts.items()},
            subnets=list(self.plan.subnets),
            controller=list(self.plan.controller),
            ports=ports,
        )
        self.state.save(self.content)

    def _drop_outdated(self) -> None:
        """Hosts that the inventory lost are stopped; a running one that it changed is left to the user's decision."""
        former = plan_of(self.content).hosts
        if kind_of(self.content) != self.kind:
            self.fresh = False
            raise LabError(f"lab {self.state.name} has hosts of the kind {kind_of(self.content)}: take it down first")
        changed = [
            name
            for name, spec in self.plan.hosts.items()
            if name in former and former[name] != spec and RunningHost(self.state, name).outer
        ]
        if changed:
            self.fresh = False
            raise LabError(f"lab {self.state.name} runs {', '.join(changed)} with other settings: take it down first")
        orphaned = processes.recorded(self.state.controller / "process") is None
        for name in former:
            if orphaned or name not in self.plan.hosts:
                host.stop(RunningHost(self.state, name))
            if name not in self.plan.hosts:
                _remove(self.state, [name])
                shutil.rmtree(self.state.host(name), ignore_errors=True)

    def _controller(self) -> Process:
        record = self.state.controller / "process"
        process = processes.recorded(record)
        if process is None:
            self.state.controller.mkdir(exist_ok=True)
            argv = ["unshare", "--net", "sh", "-c", _HOLD]
            child = processes.spawn(record, argv, self.state.controller / "log")
            here = processes.namespace_id(processes.this_process(), "net")

            def held() -> Process | None:
                found = processes.recorded(record)
                return found if found and processes.namespace_id(found, "net") not in (None, here) else None

            try:
                process = host.wait_until(held, 15, self.cancelled, "the controller has no namespace")
                child.release()
            except BaseException:
                child.drop()
                child.wait()
                raise
        return process

    def _start(self, holder: Process, missing: list[Host]) -> None:
        if not missing:
            return
        failures = []
        # More than the processors, for a host spends part of its second waiting.
        with ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 2)) as pool:
            try:
                futures = {}
                for spec in missing:
                    self.started.append(spec.name)
                    port = self.content["ports"][spec.name]
                    arguments = (self.state, holder, spec, self.plan, port, self.token, self.cancelled)
                    futures[pool.submit(starter(self.content), *arguments)] = spec.name
                for future in as_completed(futures):
                    name = futures[future]
                    error = future.exception()
                    if error is None:
                        self.say(f"{name}: up after {future.result():.1f} s")
                    else:
                        failures.append(str(error))
                        self.cancelled.set()
            except BaseException:
                self.cancelled.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        if failures:
            told = [failure for failure in failures if failure != "interrupted"]
            raise LabError("\n".join(told or failures))

    def _undo(self) -> None:
        """What this run has started goes; what ran before stays."""
        if self.fresh:
            take_down(self.state)
            return
        host.stop(*(RunningHost(self.state, name) for name in self.started))


def start_again(state: State, name: str) -> float:
    """A reboot: everything in memory is lost, the host's files stay."""
    content = state.load()
    plan = plan_of(content)
    host.stop(RunningHost(state, name))
    port = content["ports"][name]
    arguments = (state, controller(state), plan.hosts[name], plan, port, content["token"], threading.Event())
    return starter(content)(*arguments)


def _remove(state: State, names: list[str]) -> None:
    """What hosts that were stopped have left outside of their folders."""
    content = state.load()
    if kind_of(content) == "podman":
        container.remove(state, names, content.get("token"))


def take_hosts_down(state: State) -> None:
    """Ends the hosts and takes their files away. The controller's network stays."""
    folder = state.dir / "hosts"
    hosts = [RunningHost(state, entry.name) for entry in (folder.iterdir() if folder.is_dir() else ())]
    host.stop(*hosts)
    _remove(state, [running.name for running in hosts])
    for running in hosts:
        shutil.rmtree(running.dir)


def take_down(state: State) -> None:
    """Ends every process of the lab, which takes namespaces, mounts, links and addresses along, then its files."""
    content = state.load()
    token = content.get("token")
    holder = processes.recorded(state.controller / "process")
    here = processes.namespace_id(processes.this_process(), "net")
    if holder and here == processes.namespace_id(holder, "net") and token and network.carries_mark(holder, token):
        raise LabError("this command runs within the lab itself: leave it first")
    _clear(state)
    state.remove()


def _lives(state: State) -> bool:
    """Whether one process at least that a lab has started is still there."""
    folder = state.dir / "hosts"
    hosts = [RunningHost(state, entry.name) for entry in (folder.iterdir() if folder.is_dir() else ())]
    leaders = [leader for running in hosts for leader in (running.outer, running.init)]
    return any([processes.recorded(state.controller / "process"), *leaders])


def _clear(state: State) -> None:
    """Ends all and takes all away but the lab's own folder."""
    token = state.load().get("token")
    holder = processes.recorded(state.controller / "process")
    take_hosts_down(state)
    _end_rest(token, [holder] if holder else [])
    _forget(state)


def _end_rest(token: str | None, known: list[Process]) -> None:
    """Whoever still lives in a network of this lab, its leader dead or alive: the mark on the devices tells."""
    here = processes.namespace_id(processes.this_process(), "net")
    doomed = set(known)
    for namespace, inhabitants in processes.by_namespace("net").items():
        if namespace == here:
            continue
        ours = any(process in known for process in inhabitants)
        if ours or (token and network.carries_mark(inhabitants[0], token)):
            doomed.update(inhabitants)
    processes.end(doomed)


def _forget(state: State) -> None:
    """What a former life of the lab has left in files."""
    token = state.load().get("token")
    if token:
        shutil.rmtree(state.control_dir(token), ignore_errors=True)
    for entry in state.dir.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
