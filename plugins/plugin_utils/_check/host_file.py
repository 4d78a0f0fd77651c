# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a check observed of one host, as a file of its own that is joined with others later, on any machine.

docs/observations.schema.json describes it. Whoever can write to the host can write such a file, so that nothing in it
is believed: it is read within limits of size, depth and number of problems, and every text becomes printable.
"""

from __future__ import annotations

import json

from dataclasses import dataclass
from typing import Annotated, Any

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._file_names import file_name
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import OBSERVATIONS_VERSION, Text
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import SCOPES, Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Time
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Between, Choice, parse_time
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.json_text import parse_json
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write

#: The largest file that is read, in bytes: a host that probes 2,000 others on ten ports each writes a quarter of it.
LARGEST_FILE = 16 * 2**20

#: How the names of the files end.
SUFFIX = ".json"

#: The clocks of two machines may differ by so many seconds.
CLOCKS_DIFFER = 300.0

#: The maximum number of problems of a file in a message, and of characters of each.
_SHOWN, _LONGEST = 3, 300


@dataclass(frozen=True, kw_only=True)
class ObservedScope:
    """The flows that were selected when the host was observed."""

    name: Annotated[str, Choice(SCOPES)]
    sample: Annotated[int, Between(1, 10**9)] = 20
    seed: int = 0

    @classmethod
    def of(cls, scope: Scope) -> ObservedScope:
        """As the files have it."""
        return cls(name=scope.name, sample=scope.sample, seed=scope.seed)

    @property
    def scope(self) -> Scope:
        """As the flows are selected again; equal for two scopes that select the same."""
        return Scope(self.name, self.sample, self.seed) if self.name == "sample" else Scope(self.name)


@dataclass(frozen=True, kw_only=True)
class ObservedHost:
    """What a check observed of one host, when, and by which plan."""

    version: Annotated[int, Choice((OBSERVATIONS_VERSION,))] = OBSERVATIONS_VERSION
    purpose: Annotated[str, Choice(("check",))] = "check"
    #: Its name in the plan.
    host: Text
    #: When the observation was complete, in UTC, as 2026-11-25T05:10:00Z.
    at: Time
    #: The digest of the plan, as plan_digest has it.
    plan: Text
    scope: ObservedScope
    observation: HostObservation

    def problem_of_age(self, max_age: int, now: float) -> str | None:
        """Why the observation cannot be used any more *max_age* seconds later, or not yet; None if it can.

        *now*: seconds since 1970.
        """
        age = now - parse_time(self.at)
        if age > max_age:
            return f"was made at {self.at}, {age:.0f} seconds ago, and jsa_port_check_max_age is {max_age}"
        if age < -CLOCKS_DIFFER:
            return f"was made at {self.at}, which is in the future: set the clocks of both machines"
        return None


class _TooManyProblems(Exception):
    """Nobody reads more of them."""


class _Problems(list[str]):
    """The first problems of a file: one of a few megabytes can have millions."""

    def append(self, problem: str) -> None:
        """Raises _TooManyProblems."""
        super().append(problem)
        if len(self) > _SHOWN:
            raise _TooManyProblems


def host_file_name(host: str) -> str:
    """The name of a host's file; no two hosts have the same."""
    return f"{file_name(host)}{SUFFIX}"


def host_file_text(document: ObservedHost) -> str:
    """The content of a host's file: JSON with a line for each member, so that two files can be compared."""
    return json.dumps(write(document), indent=1) + "\n"


def parse_host_file(data: bytes, host: str, digest: str) -> ObservedHost:
    """The content of *host*'s file. *digest*: of the plan that it has to be of.

    Raises InputError with what is wrong with it, a sentence each, without the name of the file.
    """
    problems = _Problems()
    document = None
    try:
        value = _json(data)
        version = value.get("version") if isinstance(value, dict) else None
        if isinstance(value, dict) and value.get("purpose") == "check" and version != OBSERVATIONS_VERSION:
            problems.append(f"its version is not {OBSERVATIONS_VERSION}: observe the host again")
        else:
            document = read(ObservedHost, value, "observation", problems)
    except ValueError as error:
        problems.append(str(error))
    except _TooManyProblems:
        problems[_SHOWN:] = ["and more"]
    if document is not None and document.host != host:
        problems.append(f"it is the observation of {document.host}, whose file is {host_file_name(document.host)}")
    elif document is not None and document.plan != digest:
        problems.append("it was made with another plan: observe the host again with the plan that is joined here")
    if problems or document is None:
        raise InputError("The file cannot be used", [_short(problem) for problem in problems])
    return document


def _json(data: bytes) -> Any:
    """Raises ValueError."""
    if len(data) > LARGEST_FILE:
        raise ValueError(f"it is larger than {LARGEST_FILE // 2**20} MiB")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8: byte {error.start}") from None
    try:
        return parse_json(text)
    except ValueError as error:
        raise ValueError(f"it is not valid JSON: {error}") from None


def _short(problem: str) -> str:
    # Cut first: the text may be almost as long as the file.
    text = printable(problem[: _LONGEST + 1], "")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
