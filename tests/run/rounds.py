# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs lanes of stages side by side, and tells of each step when it is over."""

from __future__ import annotations

import time

from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection, wait

from ansible_collections.jsa.ports.tests.run.keeper import Keeper
from ansible_collections.jsa.ports.tests.run.outcome import Outcome
from ansible_collections.jsa.ports.tests.run.processes import Interrupted, Stop
from ansible_collections.jsa.ports.tests.run.stages import Round
from ansible_collections.jsa.ports.tests.run.step import Step

SLOWEST = 10


class Run:
    """Rounds that have run: their sum, and the seconds of each stage."""

    def __init__(self, stages: Mapping[str, Sequence[Step]]) -> None:
        self.stages = stages
        self.total = Outcome()
        self.seconds: dict[str, float] = {}
        self._started = time.monotonic()

    def round(self, lanes: Round) -> None:
        """Raises Interrupted when somebody has asked for a stop: no step runs any more then."""
        waiting = [[(stage, step) for stage in lane for step in self.stages[stage]] for lane in lanes]
        running: dict[Connection, tuple[Keeper, int]] = {}

        def next_of(lane: int) -> None:
            if waiting[lane]:
                keeper = Keeper(*waiting[lane].pop(0))
                running[keeper.channel] = keeper, lane

        try:
            for lane in range(len(lanes)):
                next_of(lane)
            while running:
                if Stop.asked:
                    raise Interrupted
                for channel in wait(list(running), timeout=0.2):
                    assert isinstance(channel, Connection)
                    keeper, lane = running.pop(channel)
                    self._tell(keeper, keeper.collect())
                    next_of(lane)
        finally:
            for keeper, _lane in running.values():
                keeper.stop()
            for keeper, _lane in running.values():
                keeper.collect()

    def _tell(self, keeper: Keeper, outcome: Outcome) -> None:
        stage, step = keeper.stage, keeper.step
        self.total.add(outcome)
        self.seconds[stage] = self.seconds.get(stage, 0) + keeper.seconds
        # A log is often cut to its end, so what failed is named there as well.
        named = [*outcome.failures, *(f"{step.name}: {remark}" for remark in outcome.remarks)]
        if outcome.failed:
            self.total.failures += [f"{stage}: {failure}" for failure in named or [step.name]]
        print(f"{stage}: {step.name}: {outcome} ({keeper.seconds:.1f} s)", flush=True)
        if outcome.failed:
            print(keeper.output)
            for remark in outcome.remarks:
                print(f"{stage}: {step.name}: {remark}")
        for skip in outcome.missing:
            print(f"{stage}: SKIPPED: {skip}")

    def summary(self) -> str:
        """Where the time went. Stages that ran side by side are more together than the whole."""
        slowest = sorted(self.total.times, reverse=True)[:SLOWEST]
        lines = [f"The slowest {len(slowest)} tests:"] if slowest else []
        lines += [f"{seconds:8.1f} s  {name}" for seconds, name in slowest]
        lines.append("Stages:")
        lines += [f"{seconds:8.1f} s  {name}" for name, seconds in self.seconds.items()]
        return "\n".join([*lines, f"{time.monotonic() - self._started:8.1f} s  in all"])
