# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Three network namespaces on two cables, for tests that are about packets alone and need no host around them.

    prober ── 10.93.1.0/24, fd93:1::/64 ── near ── 10.93.2.0/24, fd93:2::/64 ── far

``near`` is a peer on the prober's own network, and the router to ``far``. None of them has a way out.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time

from pathlib import Path
from typing import Any

NEAR = ("10.93.1.254", "fd93:1::254")
FAR = ("10.93.2.2", "fd93:2::2")
PROBER = ("10.93.1.1", "fd93:1::1")
#: On the prober's network, but nobody has them.
ABSENT = ("10.93.1.77", "fd93:1::77")
#: The same on the far network.
ABSENT_FAR = ("10.93.2.77", "fd93:2::77")

UNLIMITED = {"net.ipv4.icmp_ratelimit": "0", "net.ipv6.icmp.ratelimit": "0"}
LINUX_DEFAULT = {"net.ipv4.icmp_ratelimit": "1000", "net.ipv6.icmp.ratelimit": "100"}

_PROBER = Path(__file__).resolve().parent / "probing.py"


class Wires:
    def __init__(self) -> None:
        #: Whose networks they are. None has a name: the first on a machine would leave a mount for ever.
        self._holders: dict[str, subprocess.Popen[bytes]] = {}
        self._services: list[subprocess.Popen[bytes]] = []
        self._numbers = itertools.count(100)

    def namespace(self, name: str) -> str:
        """Its path."""
        return f"/proc/{self._holders[name].pid}/ns/net"

    def entering(self, name: str) -> list[str]:
        """The prefix that runs a command in the namespace *name*."""
        return ["nsenter", f"--net={self.namespace(name)}", "--"]

    def run(self, name: str, *command: str, **options: Any) -> str:
        """The output of *command* in the namespace *name*."""
        return subprocess.run(
            [*self.entering(name), *command],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
            **options,
        ).stdout

    def build(self) -> None:
        for name in ("prober", "near", "far"):
            self._hold(name)
            self.ip(name, "link", "set", "lo", "up")
        self._cable("prober", "near", 1, 1)
        self._cable("far", "near", 2, 2)
        self.sysctl("near", {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"})
        self.routes()

    def _hold(self, name: str) -> None:
        # Whatever ends us ends it, too.
        holder = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"])
        self._holders[name] = holder
        here = os.readlink("/proc/self/ns/net")
        deadline = time.monotonic() + 10
        while os.readlink(self.namespace(name)) == here:
            assert time.monotonic() < deadline and holder.poll() is None, "no namespace for the network"
            time.sleep(0.01)

    def _cable(self, end: str, router: str, network: int, host: int) -> None:
        names = (f"{end[:4]}{network}", f"{router[:4]}{network}")
        there = str(self._holders[router].pid)
        self.ip(end, "link", "add", names[0], "type", "veth", "peer", "name", names[1], "netns", there)
        for name, interface, number in ((end, names[0], str(host)), (router, names[1], "254")):
            self.ip(name, "address", "add", f"10.93.{network}.{number}/24", "dev", interface)
            self.ip(name, "address", "add", f"fd93:{network}::{number}/64", "dev", interface, "nodad")
            self.ip(name, "link", "set", interface, "up")

    def routes(self) -> None:
        for name, network in (("prober", 2), ("far", 1)):
            here = 3 - network
            self.ip(name, "route", "add", f"10.93.{network}.0/24", "via", f"10.93.{here}.254")
            self.ip(name, "route", "add", f"fd93:{network}::/64", "via", f"fd93:{here}::254")

    def ip(self, name: str, *arguments: str) -> str:
        return self.run(name, "ip", *arguments)

    def sysctl(self, name: str, values: dict[str, str]) -> None:
        self.run(name, "sysctl", "-qw", *(f"{key}={value}" for key, value in values.items()))

    def rules(self, name: str, hook: str, *rules: str) -> None:
        """Replace the ruleset of *name* by *rules* at *hook*; none removes it."""
        text = "flush ruleset\n"
        if rules:
            body = "\n".join(rules)
            text += f"table inet test {{\nchain test {{\ntype filter hook {hook} priority 0;\n{body}\n}}\n}}\n"
        self.run(name, "nft", "-f", "-", input=text)

    def serve(self, name: str, *ports: int) -> None:
        """Accept TCP connections on *ports*, and answer datagrams there, on both families."""
        service = subprocess.Popen(
            [*self.entering(name), sys.executable, str(_PROBER), "serve", *map(str, ports)],
            stdout=subprocess.PIPE,
        )
        self._services.append(service)
        assert service.stdout is not None
        assert service.stdout.readline() == b"ready\n"

    def probe(self, items: list[dict[str, Any]], kernel: str = "as it is", **options: Any) -> list[dict[str, Any]]:
        """The results of the engine in the namespace of the prober."""
        options = {"timeout": 0.6, "rate": 0, **options}
        question = json.dumps({"probes": items, "kernel": kernel, "options": options})
        return json.loads(self.run("prober", sys.executable, str(_PROBER), "probe", input=question, env=environment()))

    def new_number(self) -> int:
        """Of an address on the prober's network that nobody has had."""
        return next(self._numbers)

    def reset(self) -> None:
        for name in ("prober", "near", "far"):
            self.rules(name, "input")
            # What the kernel has learnt of absent neighbors.
            self.ip(name, "neigh", "flush", "all")
        self.sysctl("near", UNLIMITED)
        self.sysctl("far", UNLIMITED)

    def remove(self) -> None:
        for service in self._services:
            service.kill()
            service.wait()
            assert service.stdout is not None
            service.stdout.close()
        for holder in self._holders.values():
            holder.kill()
            holder.wait()


def environment() -> dict[str, str]:
    """For Python in a namespace: it finds the collection where this process does."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
