# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that are podman containers with systemd, as users' CI has them, on the lab's own bridge.

podman gets storage, settings and cgroups of its own, and no network: whatever else it does on this machine is not
touched, and none of it is left in its lists.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import shutil
import subprocess
import threading
import time

from collections.abc import Iterable
from pathlib import Path

from lab import network
from lab.errors import LabError, MissingRequirement
from lab.host import RunningHost, prepare, stop, wait_until
from lab.inventory import Host, Plan
from lab.processes import Process
from lab.requirements import SEARCH_PATH
from lab.state import State, write

_HERE = Path(__file__).resolve().parent
_SUITE = "bookworm"
# Without netbase firewalld does not know the protocols; without libpam-systemd an SSH session is no session.
_PACKAGES = (
    "dbus,firewalld,iproute2,ipset,iptables,libpam-systemd,netbase,nftables,openssh-server,procps,python3,systemd,"
    "systemd-sysv"
)
_UNITS = {"dbus": "dbus", "sshd": "ssh", "firewalld": "firewalld", "standin": "jsa-standin"}
#: Programs by the Debian package that brings them.
_PROGRAMS = {"podman": "podman", "runc": "runc", "mmdebstrap": "mmdebstrap"}


def check() -> None:
    """Raises an error that says what is missing for containers, beyond what every lab needs."""
    missing = sorted(package for program, package in _PROGRAMS.items() if not shutil.which(program, path=SEARCH_PATH))
    if missing:
        raise MissingRequirement(f"containers need more packages: apt-get install {' '.join(missing)}")


class Engine:
    """podman with everything of its own below the checkout's cache, and what must not outlive a boot below /run."""

    def __init__(self) -> None:
        self.folder = Path(os.environ.get("JSA_LAB_CACHE") or _HERE.parents[1] / ".cache") / "podman"
        self.volatile = Path("/run") / f"jsa-lab-podman-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"
        recipe = f"{_SUITE} {_PACKAGES} {(_HERE / 'image.sh').read_text()}"
        self.image = f"localhost/jsa-ports-lab:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"

    def environment(self) -> dict[str, str]:
        settings = {"CONTAINERS_CONF": "containers.conf", "CONTAINERS_STORAGE_CONF": "storage.conf"}
        own = {name: value for name, value in os.environ.items() if not name.startswith(("CONTAINER", "PODMAN"))}
        return {**own, "PATH": SEARCH_PATH, **{name: str(self.folder / file) for name, file in settings.items()}}

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            ["podman", *arguments], env=self.environment(), capture_output=True, text=True, check=False, cwd="/"
        )
        if done.returncode != 0:
            raise LabError(f"podman {' '.join(arguments[:2])}: {done.stderr.strip()}")
        return done.stdout.strip()

    def has(self, kind: str, name: str) -> bool:
        done = subprocess.run(
            ["podman", kind, "exists", name], env=self.environment(), capture_output=True, check=False, cwd="/"
        )
        return done.returncode == 0

    def prepare(self) -> bool:
        """Settings and image. Needs the package mirror if the image is not there; says whether it had to be made."""
        check()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.volatile.mkdir(exist_ok=True)
        write(self.folder / "containers.conf", self._settings())
        storage = f'[storage]\ndriver = "overlay"\ngraphroot = "{self.folder}/storage"\n'
        write(self.folder / "storage.conf", storage + f'runroot = "{self.volatile}/run"\n')
        if self.has("image", self.image):
            return False
        self._make_image()
        return True

    def _settings(self) -> str:
        limits = []
        # Without CAP_SYS_RESOURCE nobody gets more than we have.
        for name, wanted in (("nofile", 20000), ("nproc", 30000)):
            hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
            limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            limits.append(f"{name}={limit}:{limit}")
        containers = {"default_ulimits": limits, "pids_limit": 0}
        engine = {
            "runtime": "runc",
            "cgroup_manager": "cgroupfs",
            "events_logger": "none",
            "lock_type": "file",
            "tmp_dir": f"{self.volatile}/tmp",
        }
        lines = ["[containers]", *(f"{key} = {json.dumps(value)}" for key, value in containers.items())]
        lines += ["[engine]", *(f"{key} = {json.dumps(value)}" for key, value in engine.items())]
        return "\n".join(lines) + "\n"

    def _make_image(self) -> None:
        bootstrap = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", f"--include={_PACKAGES}"]
        bootstrap += ["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*"]
        bootstrap += [f'--customize-hook=sh {_HERE / "image.sh"} "$1"', _SUITE, "-"]
        log = self.folder / "image.log"
        environment = self.environment()
        with log.open("wb") as stream:
            making = subprocess.Popen(bootstrap, env=environment, stdout=subprocess.PIPE, stderr=stream, cwd="/")
            change = 'CMD ["/lib/systemd/systemd"]'
            stop_signal = "STOPSIGNAL SIGRTMIN+3"
            importing = ["podman", "import", "--quiet", "-c", change, "-c", stop_signal, "-", f"{self.image}-unproven"]
            told = {"stdout": stream, "stderr": stream}
            done = subprocess.run(importing, env=environment, stdin=making.stdout, cwd="/", check=False, **told)
            assert making.stdout is not None
            making.stdout.close()
            made = making.wait()
        if made or done.returncode:
            raise LabError(f"the containers' image cannot be made:\n{log.read_text()[-3000:]}")
        # What was cut off in the middle imports as well, so the name comes last.
        self.command("tag", f"{self.image}-unproven", self.image)
        self.command("untag", self.image, f"{self.image}-unproven")

    def tidy(self) -> None:
        """What is not worth keeping when no container is left."""
        if self.volatile.exists() and not self.command("ps", "--all", "--quiet"):
            shutil.rmtree(self.volatile)


def name_of(state: State, host: str) -> str:
    return f"jsa-lab-{state.name}-{host}"


def parent_cgroup(token: str) -> str:
    return f"jsa-lab-{token}"


def start(
    state: State, controller: Process, spec: Host, plan: Plan, port: str, token: str, cancelled: threading.Event
) -> float:
    """Brings the host up and hands back after how many seconds it was ready. A former life's files are there again."""
    begun = time.monotonic()
    if spec.root != "/":
        raise LabError(f"host {spec.name}: lab_root is for namespaces; a container stands on its image")
    engine = Engine()
    host = prepare(state, spec, plan, with_files=False)
    container = name_of(state, spec.name)
    if engine.has("container", container):
        engine.command("start", container)
    else:
        engine.command(*_run(engine, host, spec, container, token))
    try:
        pid = int(engine.command("inspect", "--format", "{{.State.Pid}}", container))
        if not pid:
            raise LabError(f"host {spec.name}: its container has ended{_journal(engine, container)}")
        line = Path(f"/proc/{pid}/stat").read_text()
        for record in ("init.process", "outer.process"):
            write(host.dir / record, line)
        network.plug_in(controller, host.require(), port, spec, plan, token)
        network.set_values(host.require(), spec.sysctls)
        wait_until(lambda: _running(host), 120, cancelled, f"host {spec.name}: systemd has not started everything")
        write(host.shared / "ready", f"{time.monotonic() - begun:.2f}\n")
    except BaseException:
        stop(host)
        raise
    return time.monotonic() - begun


def _run(engine: Engine, host: RunningHost, spec: Host, container: str, token: str) -> list[str]:
    arguments = ["run", "--detach", "--name", container, "--hostname", spec.name, "--systemd", "always"]
    arguments += ["--network", "none", "--no-hosts", "--cgroup-parent", parent_cgroup(token)]
    # SYS_ADMIN: a host that runs containers of its own makes namespaces.
    arguments += ["--cap-add", "NET_ADMIN,NET_RAW,SYS_ADMIN", "--volume", f"{host.shared}:/run/jsa-lab", engine.image]
    # systemd reads its options where a machine has the kernel's.
    masked = [f"systemd.mask={_UNITS[name]}.service" for name in ("firewalld", "sshd") if not getattr(spec, name)]
    return [*arguments, "/lib/systemd/systemd", *masked]


def _systemctl(host: RunningHost, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*host.entering(), "systemctl", *arguments], capture_output=True, text=True, check=False)


def _running(host: RunningHost) -> bool:
    # It talks over the bus, which is not there in the first moments.
    found = _systemctl(host, "is-system-running").stdout.strip()
    if found == "degraded":
        raise LabError(f"host {host.name}: units have failed:\n{_systemctl(host, '--failed', '--no-legend').stdout}")
    return found == "running"


def _journal(engine: Engine, container: str) -> str:
    with contextlib.suppress(LabError):
        return f"\n{engine.command('logs', '--tail', '20', container)}"
    return ""


def daemon(host: RunningHost, verb: str, name: str) -> dict[str, dict[str, object]]:
    """The verbs that the hosts of namespaces obey, for systemd's units."""
    if verb != "status":
        unit = _UNITS.get(name)
        if unit is None:
            raise LabError(f"host {host.name}: no daemon {name!r} on this host, there are: {', '.join(_UNITS)}")
        words = ["kill", "--signal=KILL"] if verb == "kill" else [verb]
        done = _systemctl(host, *words, f"{unit}.service")
        if done.returncode != 0:
            raise LabError(f"host {host.name}: systemctl {verb} {unit}: {done.stderr.strip()}")
        if name == "standin" and verb in ("start", "restart"):
            socket = host.shared / "standin.sock"
            wait_until(socket.exists, 30, threading.Event(), f"host {host.name}: the stand-in does not answer")
    states = {name: _systemctl(host, "is-active", f"{unit}.service").stdout.strip() for name, unit in _UNITS.items()}
    return {"daemons": {name: {"running": found == "active"} for name, found in states.items()}}


def remove(state: State, hosts: Iterable[str], token: str | None) -> None:
    """Takes the containers of hosts that have ended away, with their files."""
    engine = Engine()
    if not engine.volatile.exists():
        return
    containers = [name_of(state, host) for host in hosts]
    if containers:
        engine.command("rm", "--force", "--ignore", "--time", "0", *containers)
    if token:
        _remove_cgroups(parent_cgroup(token))
    engine.tidy()


def _remove_cgroups(name: str) -> None:
    root = Path("/sys/fs/cgroup")
    # podman's monitor of a container needs a moment to end after it.
    deadline = time.monotonic() + 10
    while (tops := [*root.glob(name), *root.glob(f"*/{name}")]) and time.monotonic() < deadline:
        for top in tops:
            for folder, _folders, _files in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
        time.sleep(0.02)
