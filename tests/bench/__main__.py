# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make bench``: measures, prints, and after a whole run writes docs/performance.md.

A report, not a test: a target that is missed does not fail it, what cannot be measured does.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile

from collections.abc import Callable
from pathlib import Path
from types import FrameType

from lab import LabError

from ansible_collections.jsa.ports.tests.bench import (
    applying,
    checking,
    growing,
    listening,
    peers,
    planning,
    probing,
    recording,
    report,
    scaling,
)
from ansible_collections.jsa.ports.tests.bench.hosts import Hosts, hosts
from ansible_collections.jsa.ports.tests.bench.measure import Part
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

_PARTS = ("a", "b", "c", "d", "f", "g", "e", "h")
_ROUNDS = 3
_REPORT = peers.ROOT / "docs" / "performance.md"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="PART=a,b,c,d,e,f,g,h and REPEATS=3 of make bench.")
    parser.add_argument("--part", type=_parts, default=_PARTS, help="one or more of a to h, with commas")
    parser.add_argument("--repeats", type=_repeats, default=_ROUNDS, help="rounds of each pair")
    return parser.parse_args()


def _parts(text: str) -> tuple[str, ...]:
    wanted = text.replace(",", " ").split()
    unknown = [part for part in wanted if part not in _PARTS]
    if unknown or not wanted:
        raise argparse.ArgumentTypeError(f"{text!r}: the parts are {', '.join(_PARTS)}")
    return tuple(part for part in _PARTS if part in wanted)


def _repeats(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _measure(wanted: tuple[str, ...], rounds: int, folder: Path) -> list[Part]:
    with contextlib.ExitStack() as stack:
        found: list[Hosts] = []

        def up() -> Hosts:
            if not found:
                found.append(stack.enter_context(hosts(folder)))
            return found[0]

        runs: dict[str, Callable[[], Part]] = {
            "a": lambda: applying.measure(up(), folder, rounds),
            "b": lambda: planning.measure(folder, rounds),
            "c": lambda: listening.measure(up(), rounds),
            "d": lambda: probing.measure(up(), rounds),
            "f": lambda: recording.measure(up(), rounds),
            "g": lambda: scaling.measure(up(), folder, min(rounds, 3)),
            # Fifty hosts beside three others would be another machine for the others: (e) and (h) come last.
            "e": lambda: checking.measure(folder, min(rounds, 2)),
            "h": lambda: growing.measure(folder),
        }
        parts = []
        for name in wanted:
            print(f"Measuring ({name})", flush=True)
            parts.append(runs[name]())
            print(f"\n{report.plain(parts[-1])}", flush=True)
        return parts


def _terminated(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    arguments = _arguments()
    # So that the hosts are taken away when somebody ends the run.
    signal.signal(signal.SIGTERM, _terminated)
    try:
        peers.prepare()
        report.check(_REPORT)
        with tempfile.TemporaryDirectory(prefix="jsa-bench-") as folder:
            parts = _measure(arguments.part, arguments.repeats, Path(folder))
        if arguments.part == _PARTS:
            report.write(_REPORT, [*peers.facts(), f"{arguments.repeats} rounds"], parts)
            print(f"Written to {_REPORT.relative_to(peers.ROOT)}")
    except (UnmeasurableError, LabError) as error:
        print(f"Not measured: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
