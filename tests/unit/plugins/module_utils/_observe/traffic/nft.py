# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A kernel that is told one command a line, and lists its tables again, as nft does."""

from __future__ import annotations

import json
import re

from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError

_COMMENT = re.compile(r' comment "([^"]*)"$')
_COUNTER = re.compile(r"counter(?: packets (\d+) bytes 0)?$")
_HOOK = re.compile(r"hook (\w+) ")


class Nft:
    """The part of Programs that is used. *there*: whether the host has nft."""

    def __init__(self, there: bool = True) -> None:
        self.there = there
        #: Name -> sets, hooks of chains, rules of chains. All are of the family inet.
        self.tables: dict[str, dict[str, dict[str, Any]]] = {}
        #: What nft refuses.
        self.refused = ""

    def program(self, name: str) -> str | None:
        return None if name == "nft" and not self.there else f"/usr/sbin/{name}"

    def run(self, name: str, *arguments: str, **options: Any) -> str:
        assert name == "nft"
        if self.refused and re.search(self.refused, " ".join(arguments)):
            raise CommandError(["nft", *arguments], 1, "Error: not supported")
        if arguments == ("list", "tables"):
            return "".join(f"table inet {table}\n" for table in self.tables)
        if arguments[:2] == ("delete", "table"):
            self._obey(" ".join(arguments))
            return ""
        if arguments == ("-f", "-"):
            if self.refused and re.search(self.refused, options["input"]):
                raise CommandError(["nft", "-f", "-"], 1, "Error: not supported")
            for line in options["input"].splitlines():
                self._obey(line)
            return ""
        assert arguments[:4] == ("-j", "list", "table", "inet")
        return json.dumps({"nftables": [{"metainfo": {"version": "1.0.6"}}, *self._listed(arguments[4])]})

    def _obey(self, line: str) -> None:
        verb, kind, family, table, *words = line.split(maxsplit=5)
        assert family == "inet"
        if kind == "table":
            if verb == "delete":
                del self.tables[table]
            else:
                self.tables.setdefault(table, {"sets": {}, "hooks": {}, "rules": {}})
            return
        parts = self.tables[table]
        if kind == "set":
            parts["sets"].setdefault(words[0], [])
        elif kind == "chain" and verb == "add":
            found = _HOOK.search(line)
            parts["hooks"][words[0]] = found.group(1) if found else None
            parts["rules"].setdefault(words[0], [])
        elif kind == "chain":
            parts["rules"][words[0]] = []
        else:
            parts["rules"][words[0]].append(words[1])

    def _listed(self, table: str) -> list[dict[str, Any]]:
        parts = self.tables[table]
        found: list[dict[str, Any]] = [{"table": {"name": table, "handle": 1}}]
        found += [{"set": {"name": name, "elem": elements}} for name, elements in parts["sets"].items()]
        found += [{"chain": {"name": name, "hook": hook}} for name, hook in parts["hooks"].items()]
        for chain, rules in parts["rules"].items():
            for text in rules:
                comment = _COMMENT.search(text)
                rule: dict[str, Any] = {"chain": chain, "expr": []}
                counter = _COUNTER.match(text)
                if counter:
                    rule["expr"] = [{"counter": {"packets": int(counter.group(1) or 0), "bytes": 0}}]
                if comment:
                    rule["comment"] = comment.group(1)
                found.append({"rule": rule})
        return found

    def miss(self, table: str, chain: str, number: int) -> None:
        """So many packets have not fit."""
        self.tables[table]["rules"][chain][-1] = f"counter packets {number} bytes 0"

    def record(self, table: str, name: str, peer: str, protocol: str, port: int, ago: int = 0) -> None:
        """A packet has come."""
        elements: list[Any] = self.tables[table]["sets"][name]
        expires = 30 * 86400 - ago
        value = {"concat": [peer, protocol, port]}
        elements.append({"elem": {"val": value, "expires": expires, "counter": {"packets": 1, "bytes": 60}}})
