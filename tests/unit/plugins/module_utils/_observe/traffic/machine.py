# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host whose kernel this test is: nft is told something, does it, and lists it again."""

from __future__ import annotations

import json
import re

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic import run as states
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.established import Look
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.keeper import Keeper
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import Seen, Traffic
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.ports import ports_of_texts
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.record import Store

NOW = 1764504000
DAY = 86400

_SET = re.compile(r"^set (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_CHAIN = re.compile(r"^chain (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)


class Kernel:
    """The part of Programs that is used, with a table that records what the test says."""

    def __init__(self) -> None:
        self.table: list[dict[str, Any]] | None = None
        self.handles = 0
        self.there = {"nft"}
        self.fed: list[str] = []
        #: What nft refuses, with its message.
        self.refused = ""
        self.called: list[tuple[str, ...]] = []

    def program(self, name: str) -> str | None:
        return "/usr/sbin/" + name if name in self.there else None

    def run(self, name: str, *arguments: str, **options: Any) -> str:
        self.called.append((name, *arguments))
        if name != "nft":
            return ""
        if arguments == ("-f", "-"):
            return self._feed(options["input"])
        if arguments == ("list", "tables"):
            return "table inet firewalld\n" + ("table inet jsa_ports_learn\n" if self.table else "")
        assert arguments == ("-j", "list", "table", "inet", "jsa_ports_learn")
        return json.dumps({"nftables": [{"metainfo": {"version": "1.0.6"}}, *(self.table or [])]})

    def _feed(self, text: str) -> str:
        if self.refused and re.search(self.refused, text):
            raise CommandError(["nft", "-f", "-"], 1, "Error: syntax error, unexpected counter")
        self.fed.append(text)
        if "delete table" in text:
            self.table = None
        if "\ntable inet jsa_ports_learn {" in text:
            self.handles += 1
            self.table = [{"table": {"family": "inet", "name": "jsa_ports_learn", "handle": self.handles}}]
            self.table += [{"set": _set(name, body)} for name, body in _SET.findall(text)]
            for name, body in _CHAIN.findall(text):
                self.table += _chain(name, body.splitlines())
        for protocol, ports in re.findall(r"^add element \S+ \S+ (\w+)_ports \{ (.*) \}", text, re.MULTILINE):
            self.set(f"{protocol}_ports")["elem"] = _port_elements(ports)
        return ""

    def set(self, name: str) -> dict[str, Any]:
        assert self.table is not None
        (found,) = [one["set"] for one in self.table if one.get("set", {}).get("name") == name]
        return dict_of(found)

    def rules(self, chain: str) -> list[Any]:
        assert self.table is not None
        return [one["rule"]["expr"] for one in self.table if one.get("rule", {}).get("chain") == chain]

    def record(self, name: str, peer: str, protocol: Any, port: int, packets: int = 1, ago: int = 0) -> None:
        """A packet comes, *ago* seconds before now."""
        found = self.set(name)
        element: dict[str, Any] = {"val": {"concat": [peer, protocol, port]}, "expires": found["timeout"] - ago}
        element["counter"] = {"packets": packets, "bytes": 60 * packets}
        found.setdefault("elem", []).append({"elem": element})

    def miss(self, direction: str, packets: int) -> None:
        """Packets come that do not fit."""
        self.rules(f"record_{direction}")[-1][0]["counter"]["packets"] = packets

    def flush_ruleset(self) -> None:
        self.table = None

    def flush_table(self) -> None:
        self.table = [one for one in self.table or [] if "rule" not in one]

    def replace(self) -> None:
        """Somebody saves the ruleset and loads it again."""
        assert self.table is not None
        self.handles += 1
        self.table[0]["table"]["handle"] = self.handles


def dict_of(found: dict[str, Any]) -> dict[str, Any]:
    return found


def _set(name: str, body: str) -> dict[str, Any]:
    found: dict[str, Any] = {"family": "inet", "name": name, "table": "jsa_ports_learn", "handle": 2}
    for word, value in re.findall(r"^(size|timeout) (\d+)", body, re.MULTILINE):
        found[word] = int(value) * (DAY if word == "timeout" else 1)
    ports = re.search(r"elements = \{ (.*) \}", body)
    if ports:
        found["elem"] = _port_elements(ports[1])
    return found


def _port_elements(text: str) -> list[Any]:
    def element(port: str) -> Any:
        first, dash, last = port.partition("-")
        return {"range": [int(first), int(last)]} if dash else int(first)

    return [element(port) for port in text.split(", ")]


def _chain(name: str, lines: Sequence[str]) -> list[dict[str, Any]]:
    place = {"family": "inet", "table": "jsa_ports_learn"}
    chain: dict[str, Any] = {**place, "name": name, "handle": 8}
    hook = re.search(r"hook (\w+) priority (-?\d+); policy accept;", lines[0])
    if hook:
        chain.update(type="filter", hook=hook[1], prio=int(hook[2]), policy="accept")
        lines = lines[1:]
    rules = [
        {"rule": {**place, "chain": name, "handle": 9, "expr": [{"counter": {"packets": 0, "bytes": 0}}]}}
        if line == "counter"
        else {"rule": {**place, "chain": name, "handle": 9, "expr": [{"told": line}]}}
        for line in lines
    ]
    return [{"chain": chain}, *rules]


class Machine:
    """Runs the states of the module, one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kernel = Kernel()
        self.store = Store(str(folder / "jsa_ports" / "learn"), str(folder))
        self.units = folder / "units"
        self.units.mkdir()
        self.boot = "first"
        self.now = NOW
        self.look = Look(Traffic(), Traffic(), ports_of_texts(["22/tcp"]), {("tcp", 22): "sshd"}, ())

    def with_systemd(self) -> Machine:
        self.kernel.there.add("systemctl")
        (self.folder / "systemd").mkdir()
        return self

    @property
    def host(self) -> states.Host:
        keeper = Keeper(self.kernel, self.store, str(self.units), str(self.folder / "systemd"))
        return states.Host(self.kernel, self.store, keeper, self.boot, self.now, lambda _now: self.look)

    def connect(self, *items: Seen) -> None:
        """These have a connection now."""
        self.look = self.look._replace(sockets=Traffic(tuple(items)))

    def track(self, inbound: Sequence[Seen] = (), outbound: Sequence[Seen] = ()) -> None:
        """The kernel tracks these now."""
        self.look = self.look._replace(tracked=Traffic(tuple(inbound), tuple(outbound)))

    def run(self, state: str, ports: Sequence[str] = ("514/udp",), **more: Any) -> tuple[bool, dict[str, Any]]:
        order = states.Order(
            ports_of_texts(ports), more.get("entries", 100), more.get("days", 30), more.get("persistent", False),
            more.get("check", False),
        )  # fmt: skip
        changed, traffic, _lines = getattr(states, state)(self.host, order)
        return changed, traffic

    def restart(self) -> None:
        self.boot += "+"
        self.kernel.table = None
        self.kernel.handles = 0
