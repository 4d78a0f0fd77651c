# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules of the console's servers are ours: no rule can be marked, so a file on the controller remembers them."""

from __future__ import annotations

import json

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Choice
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write

OWNERSHIP_VERSION = 1
#: States of a server that are kept to go back to.
KEPT = 5


@dataclass(frozen=True, kw_only=True)
class OwnRule:
    """A rule that was written, in the console's own form."""

    is_any_source_ip: bool
    source_ip: str | None = None
    port_type: str
    single_port: str | None = None
    port_range: str | None = None
    protocol: str


@dataclass(frozen=True, kw_only=True)
class State:
    """The rules of ours at one time."""

    rules: tuple[OwnRule, ...]


@dataclass(frozen=True, kw_only=True)
class Server:
    """What is ours on one server, and what was before, the newest last."""

    host: str
    rules: tuple[OwnRule, ...] = ()
    history: tuple[State, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """The content of the file."""

    version: Annotated[int, Choice((OWNERSHIP_VERSION,))] = OWNERSHIP_VERSION
    url: str
    #: By the server's id.
    servers: Mapping[str, Server] = field(default_factory=dict)

    def documents(self, server: int) -> list[dict[str, Any]]:
        """Our rules of a server, as the console has them."""
        known = self.servers.get(str(server))
        return [write(rule) for rule in known.rules] if known else []

    def earlier(self, server: int, steps: int) -> list[dict[str, Any]] | None:
        """Our rules as they were *steps* changes ago; None if that is not known."""
        known = self.servers.get(str(server))
        if known is None or not 1 <= steps <= len(known.history):
            return None
        return [write(rule) for rule in known.history[-steps].rules]

    def claiming(self, server: int, host: str, documents: list[dict[str, Any]]) -> Ownership:
        """The same with other rules of a server, and the same states to go back to: for the time of a write."""
        rules = tuple(OwnRule(**document) for document in documents)
        known = self.servers.get(str(server), Server(host=host))
        return replace(self, servers={**self.servers, str(server): replace(known, rules=rules)})

    def with_rules(self, server: int, host: str, documents: list[dict[str, Any]]) -> Ownership:
        """The same with other rules of a server. Those that it had can be gone back to."""
        rules = tuple(OwnRule(**document) for document in documents)
        known = self.servers.get(str(server), Server(host=host))
        if rules == known.rules:
            return self
        history = (*known.history, State(rules=known.rules))[-KEPT:]
        return replace(self, servers={**self.servers, str(server): Server(host=host, rules=rules, history=history)})


def dump_ownership(ownership: Ownership) -> str:
    """The text of the file."""
    return json.dumps(write(ownership), indent=1) + "\n"


def parse_ownership(text: str, url: str, place: str) -> Ownership:
    """Raises ConsoleError if the file is damaged, or of another console."""
    problems: list[str] = []
    try:
        found = read(Ownership, json.loads(text), place, problems)
    except (ValueError, RecursionError) as error:
        found = None
        problems.append(f"{place}: it is not valid JSON: {error}")
    if found is None:
        raise ConsoleError(
            f"{problems[0]}: restore the state file from a backup; without it, nobody knows which rules are ours. "
            "Nothing was changed"
        )
    if found.url != url:
        raise ConsoleError(
            f"{place} belongs to {found.url}, not to {url}: use one state file per console. Nothing was changed"
        )
    return found
