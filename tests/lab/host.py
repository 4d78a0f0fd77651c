# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host: its files, its namespaces, its daemons."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import threading
import time

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab import network, processes, ssh
from lab.errors import LabError
from lab.inventory import Host, Plan, places
from lab.processes import Process
from lab.state import State, write

_SOURCE = Path(__file__).resolve().parent
_GUEST_FILES = ("init.py", "standin.py", "standin_protocols.py")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid")


class RunningHost:
    """A host of the lab, running or not, found through its folder."""

    def __init__(self, state: State, name: str) -> None:
        self.name = name
        self.dir = state.host(name)
        self.shared = self.dir / "shared"

    @property
    def outer(self) -> Process | None:
        """The process outside whose end takes the host along."""
        return processes.recorded(self.dir / "outer.process")

    @property
    def init(self) -> Process | None:
        """The host's first process."""
        return processes.recorded(self.dir / "init.process")

    @property
    def ready(self) -> bool:
        return self.init is not None and (self.shared / "ready").exists()

    def require(self) -> Process:
        init = self.init
        if init is None:
            raise LabError(f"host {self.name} does not run")
        return init

    def entering(self) -> list[str]:
        """The prefix that runs a command on the host, as a login there would find it."""
        init = self.require()
        # nsenter forks: whoever ends it after a timeout means the command.
        follow = ["setpriv", "--pdeathsig", "KILL"]
        environment = [f"PATH={_PATH}", "HOME=/root", "LC_ALL=C.UTF-8", f"TERM={os.environ.get('TERM', 'dumb')}"]
        # Where this machine's own root is a chroot, the mount namespace begins above it, outside of the host's root.
        return [
            "nsenter",
            f"--target={init.pid}",
            *_NAMESPACES,
            "--root",
            "--wd",
            "--",
            *follow,
            "env",
            "-i",
            *environment,
        ]

    def path(self, path: str) -> Path:
        """A path of the host, as the controller's side can open it."""
        return Path(f"/proc/{self.require().pid}/root") / path.lstrip("/")

    def ask(self, name: str, request: dict[str, Any], timeout: float = 60.0) -> dict[str, Any]:
        """One request to a control socket of the host, which needs none of its namespaces."""
        folder = os.open(self.shared, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout)
                # Through the descriptor, for the folder's own name may be longer than a socket's may.
                connection.connect(f"/proc/self/fd/{folder}/{name}")
                connection.sendall((json.dumps(request) + "\n").encode())
                line = connection.makefile().readline()
        except OSError as error:
            raise LabError(f"host {self.name}: {name} does not answer: {error}") from error
        finally:
            os.close(folder)
        answer = json.loads(line or '{"ok": false, "error": "no answer"}')
        if not answer.get("ok"):
            raise LabError(f"host {self.name}: {answer.get('error')}")
        return dict(answer)


def prepare(state: State, spec: Host, plan: Plan, with_files: bool = True) -> RunningHost:
    """The host's folder. Files that the host has written in an earlier life stay: a reboot keeps its disk."""
    host = RunningHost(state, spec.name)
    first_time = not (host.dir / "prepared").exists()
    if first_time and host.dir.exists():
        shutil.rmtree(host.dir)
    (host.shared / "log").mkdir(parents=True, exist_ok=True)
    for name in ("ready", "failed", "init.sock", "standin.sock"):
        (host.shared / name).unlink(missing_ok=True)
    for name in _GUEST_FILES:
        shutil.copyfile(_SOURCE / name, host.shared / name)
    shutil.copyfile(state.keys / "client.pub", host.shared / "authorized_keys")
    write(host.shared / "ssh_host_key", (state.keys / "host").read_text(), 0o600)
    write(host.shared / "sshd_config", ssh.sshd_config(spec))
    write(host.shared / "config.json", json.dumps(spec.as_dict()))
    write_names(host, plan)
    if first_time:
        if with_files:
            _first_files(host, spec)
        (host.dir / "prepared").touch()
    return host


def write_names(host: RunningHost, plan: Plan) -> None:
    """The hosts file, kept outside the overlay because later hosts are added to it while this one runs."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    lines += [f"{address} {spec.name}" for spec in plan.hosts.values() for address in spec.addresses]
    write(host.shared / "hosts", "\n".join(lines) + "\n")


def _first_files(host: RunningHost, spec: Host) -> None:
    """What differs on a fresh host from the files it stands on: its name, its firewall, an empty home."""
    upper = host.dir / "upper"
    etc = upper / "etc"
    etc.mkdir(parents=True)
    (etc / "hosts").symlink_to("/run/jsa-lab/hosts")
    (etc / "hostname").write_text(spec.name + "\n")
    (etc / "resolv.conf").write_text("# no name server: the lab has no way out\n")
    _unlock_root(Path(spec.root) / "etc" / "shadow", etc / "shadow")
    _fresh_firewalld(Path(spec.root), etc / "firewalld", spec.ssh_port)
    if spec.appliance:
        _appliance(upper)
    home = upper / "root"
    home.mkdir(mode=0o700)
    for name in (".ssh", ".ansible"):
        _opaque(home / name, 0o700)
    # Somebody's home on this machine is nothing that a host should read; other Pythons are.
    for entry in (Path(spec.root) / "root").iterdir():
        if entry.name != ".pyenv" and not (home / entry.name).exists():
            _hide(home / entry.name)
    for program in spec.without:
        for path in places(Path(spec.root), program):
            (upper / path.parent).mkdir(parents=True, exist_ok=True)
            _hide(upper / path)


def _hide(path: Path) -> None:
    """What the overlay takes for a file that was removed."""
    os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))


def _appliance(upper: Path) -> None:
    """What stands in for JSA's own files, with the first rules that its generator makes of them."""
    product = upper / "opt" / "qradar"
    shutil.copytree(_SOURCE / "appliance", product, dirs_exist_ok=True)
    # The linters let no file of the collection say so itself.
    program = product / "bin" / "iptables_update.pl"
    program.write_text("#!/usr/bin/perl\n" + program.read_text())
    program.chmod(0o755)
    (upper / "etc" / "sysconfig").mkdir(exist_ok=True)


def _opaque(path: Path, mode: int = 0o755) -> None:
    """A folder that hides the one of the same name below."""
    path.mkdir(mode=mode)
    os.setxattr(path, "trusted.overlay.opaque", b"y")


def _fresh_firewalld(root: Path, target: Path, ssh_port: int) -> None:
    """firewalld's configuration as the package brings it, whatever this machine's own has become."""
    _opaque(target)
    for name in ("firewalld.conf", "lockdown-whitelist.xml"):
        source = root / "etc" / "firewalld" / name
        if source.exists():
            shutil.copy2(source, target / name)
    for name in ("helpers", "icmptypes", "ipsets", "policies", "services", "zones"):
        (target / name).mkdir()
    public = root / "usr" / "lib" / "firewalld" / "zones" / "public.xml"
    if ssh_port != 22 and public.exists():
        # Whoever moves sshd lets people reach it there.
        port = f'  <port port="{ssh_port}" protocol="tcp"/>\n</zone>'
        (target / "zones" / "public.xml").write_text(public.read_text().replace("</zone>", port))


def _unlock_root(source: Path, target: Path) -> None:
    """A locked account lets nobody in without PAM, not even with a key; one without a password does."""
    try:
        lines = source.read_text().splitlines()
    except OSError:
        return
    fields = [line.split(":") for line in lines]
    for entry in fields:
        if entry[0] == "root" and entry[1].startswith("!"):
            entry[1] = "*"
    write(target, "\n".join(":".join(entry) for entry in fields) + "\n", 0o600)


def start(
    state: State, controller: Process, spec: Host, plan: Plan, port: str, token: str, cancelled: threading.Event
) -> float:
    """Brings the host up and hands back after how many seconds it was ready."""
    begun = time.monotonic()
    host = prepare(state, spec, plan)
    script = [str(_SOURCE / "root.sh"), str(host.dir), spec.root, str(_SOURCE.parents[1])]
    argv = ["unshare", *_NAMESPACES, "--fork", "--kill-child", "sh", *script]
    child = processes.spawn(host.dir / "outer.process", argv, host.shared / "log" / "init.log")
    try:
        init = wait_until(lambda: host.init, 15, cancelled, f"host {spec.name}: no namespaces{_log(host)}")
        network.plug_in(controller, init, port, spec, plan, token)
        child.release()
        wait_until(lambda: _finished(host), 90, cancelled, f"host {spec.name} is not ready")
    except BaseException:
        child.drop()
        stop(host)
        child.wait()
        raise
    return time.monotonic() - begun


def _finished(host: RunningHost) -> bool:
    if (host.shared / "ready").exists():
        return True
    if (host.shared / "failed").exists():
        raise LabError(f"host {host.name}: {(host.shared / 'failed').read_text()}{_log(host)}")
    if host.outer is None:
        raise LabError(f"host {host.name}: died while starting{_log(host)}")
    return False


def _log(host: RunningHost) -> str:
    logs = sorted((host.shared / "log").glob("*.log"))
    return "".join(f"\n--- {path.name}\n{path.read_text()[-2000:]}" for path in logs).rstrip()


def wait_until(condition: Callable[[], Any], patience: float, cancelled: threading.Event, problem: str) -> Any:
    deadline = time.monotonic() + patience
    while not (found := condition()):
        if cancelled.is_set():
            raise LabError("interrupted")
        if time.monotonic() > deadline:
            raise LabError(f"{problem} after {patience:.0f} s")
        time.sleep(0.01)
    return found


def stop(*hosts: RunningHost) -> None:
    """Ends hosts and whatever else stands in their networks. Their files stay."""
    leaders = [process for host in hosts for process in (host.outer, host.init) if process]
    here = processes.namespace_id(processes.this_process(), "net")
    # A leader that was just born may not have left our own network yet.
    networks = {processes.namespace_id(process, "net") for process in leaders} - {here, None}
    doomed = leaders
    while doomed:
        inhabitants = processes.by_namespace("net")
        doomed += [process for network_ in networks for process in inhabitants.get(str(network_), [])]
        processes.end(doomed)
        inhabitants = processes.by_namespace("net")
        doomed = [process for network_ in networks for process in inhabitants.get(str(network_), [])]
