# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a check is while it runs: hosts, probes, and the first results that nobody expected."""

from __future__ import annotations

import os

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: So many surprises are printed in a run.
_SHOWN = 5
#: So many lines say how many hosts are done.
_STEPS = 10


@dataclass(frozen=True)
class Progress:
    """Of one task, whose hosts answer in processes that know nothing of each other."""

    #: A file that they share. Each appends a line, which needs no lock.
    path: str
    hosts: int

    def note(self, probes: int, found: Sequence[str]) -> list[str]:
        """Counts one more host. Returns what there is to print, as a rule nothing; nothing if the file fails."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, f"{probes} {len(found)}\n".encode())
                size = os.lseek(descriptor, 0, os.SEEK_CUR)
                rows = [row.split() for row in os.pread(descriptor, size, 0).decode().splitlines()]
            finally:
                os.close(descriptor)
        except OSError:
            return []
        done, sent = len(rows), sum(int(row[0]) for row in rows)
        earlier = sum(int(row[1]) for row in rows[:-1])
        lines = list(found[: max(0, _SHOWN - earlier)])
        if done % max(1, self.hosts // _STEPS) == 0 or done == self.hosts or lines:
            lines.insert(0, f"{done:,} of {self.hosts:,} hosts observed, {sent:,} probes sent")
        return lines


def surprises(name: str, probes: Sequence[Any], result: Mapping[str, Any]) -> list[str]:
    """What host *name* met and did not expect, one line each. *result*: of jsa.ports.observe."""
    return list(_surprises(name, probes, result))


def _surprises(name: str, probes: Sequence[Any], result: Mapping[str, Any]) -> Iterator[str]:
    firewall = result.get("firewall")
    if isinstance(firewall, Mapping) and firewall.get("as_planned") is False:
        yield f"  {name}: its firewall differs from the plan"
    answers = result.get("probes")
    results = answers.get("results") if isinstance(answers, Mapping) else None
    for probe, answer in zip(probes, results if isinstance(results, list) else (), strict=False):
        if not isinstance(probe, Mapping) or not isinstance(answer, Mapping):
            continue
        met, is_open = answer.get("result"), probe.get("open")
        # Many UDP services never answer.
        if is_open is not None and (met == "open") != is_open and met != "open_or_filtered":
            where = " ".join(str(probe[key]) for key in ("address", "protocol", "port") if probe.get(key) is not None)
            yield f"  {name}: {where}: {met}"
