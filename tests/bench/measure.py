# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samples, medians, ratios of pairs, and whether they meet their targets."""

from __future__ import annotations

import statistics

from collections.abc import Sequence
from dataclasses import dataclass, field

AT_LEAST = "at least"
AT_MOST = "at most"


@dataclass(frozen=True)
class Ratio:
    what: str
    value: float
    relation: str = ""
    target: float | None = None
    #: The lowest and the highest of the rounds.
    spread: tuple[float, float] | None = None

    def scaled(self, by: float, what: str) -> Ratio:
        """What it would be for more of the same; computed, not measured, so without a target."""
        spread = (self.spread[0] * by, self.spread[1] * by) if self.spread else None
        return Ratio(what, self.value * by, spread=spread)

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        met = self.value >= self.target if self.relation == AT_LEAST else self.value <= self.target
        return "PASS" if met else "FAIL"


@dataclass
class Samples:
    """Seconds by what was done, one for each round: values with the same index belong together."""

    by_name: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, seconds: float) -> None:
        self.by_name.setdefault(name, []).append(seconds)

    def median(self, name: str) -> float:
        return statistics.median(self.by_name[name])

    def pairs(self, above: Sequence[str], below: Sequence[str]) -> list[float]:
        """Round by round, the sum of some over the sum of others."""
        tops = zip(*(self.by_name[name] for name in above), strict=True)
        bottoms = zip(*(self.by_name[name] for name in below), strict=True)
        return [sum(top) / sum(bottom) for top, bottom in zip(tops, bottoms, strict=True)]

    def ratio(
        self, what: str, above: Sequence[str], below: Sequence[str], relation: str = "", target: float | None = None
    ) -> Ratio:
        """The median of the rounds' ratios: what slows a whole round down slows both of its sides."""
        pairs = self.pairs(above, below)
        return Ratio(what, statistics.median(pairs), relation, target, (min(pairs), max(pairs)))


@dataclass(frozen=True)
class Part:
    """What one part has found out."""

    title: str
    #: What was done, in sentences.
    method: str
    samples: Samples
    ratios: Sequence[Ratio]
