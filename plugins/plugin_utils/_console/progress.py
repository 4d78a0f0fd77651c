# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an interrupted run of the console's tests has found, in a file, so that the next run goes on from there."""

from __future__ import annotations

import json
import time

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError
from ansible_collections.jsa.ports.plugins.plugin_utils._console.validator import CallKey
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import CONSOLE_RESULTS
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Address, Time
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import PORT, Choice, Converted, parse_time
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write

PROGRESS_VERSION = 1
#: Seconds after which the results of an interrupted run are too old.
PROGRESS_AGE = 3600.0


def _numbered(value: Any) -> dict[int, str]:
    if not isinstance(value, Mapping) or any(not str(key).isdecimal() for key in value):
        raise ValueError("expected a mapping from ids of hosts to results")
    if any(result not in CONSOLE_RESULTS for result in value.values()):
        raise ValueError(f"a result is not one of {', '.join(CONSOLE_RESULTS)}")
    return {int(key): str(result) for key, result in value.items()}


_Numbered = Annotated[
    Mapping[int, str],
    Converted(_numbered, lambda value: {str(key): result for key, result in value.items()}, {"type": "object"}),
]


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What one call told: the id of each host to its result."""

    address: Address
    port: Annotated[int, PORT]
    results: _Numbered


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What an interrupted run has tested, in the form of its file."""

    version: Annotated[int, Choice((PROGRESS_VERSION,))] = PROGRESS_VERSION
    url: str
    started_at: Time
    tested: tuple[Tested, ...] = ()


@dataclass(frozen=True)
class Found:
    """What a file contains that can still be used."""

    #: Seconds since 1970.
    started: float
    tested: dict[CallKey, dict[int, str]]


def dump_progress(url: str, started: float, tested: Mapping[CallKey, Mapping[int, str]]) -> str:
    """The text of the file. *started*: seconds since 1970, when the first of the tests began."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started))
    calls = tuple(Tested(address=address, port=port, results=results) for (address, port), results in tested.items())
    return json.dumps(write(Progress(url=url, started_at=at, tested=calls)), indent=1) + "\n"


def parse_progress(text: str, url: str, now: float) -> Found | None:
    """None if the file is too old, or of another console. Raises ConsoleError if it is damaged."""
    problems: list[str] = []
    try:
        progress = read(Progress, json.loads(text), "progress_file", problems)
    except (ValueError, RecursionError) as error:
        problems.append(f"progress_file: it is not valid JSON: {error}")
        progress = None
    if progress is None:
        raise ConsoleError(f"{problems[0]}: remove the file to begin again")
    started = parse_time(progress.started_at)
    if progress.url != url or not 0 <= now - started <= PROGRESS_AGE:
        return None
    return Found(started, {(one.address, one.port): dict(one.results) for one in progress.tested})
