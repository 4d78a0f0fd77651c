# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables: on the terminal while it runs, in docs/performance.md after a whole run."""

from __future__ import annotations

import textwrap

from collections.abc import Sequence
from pathlib import Path

from ansible_collections.jsa.ports.tests.bench.measure import Part, Ratio
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

_BEGIN = "<!-- Written by make bench, from here -->"
_END = "<!-- to here -->"

_WIDTH = 120


def seconds(value: float) -> str:
    if value < 0.01:
        return f"{value * 1000:.1f} ms"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def factor(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _target(ratio: Ratio) -> str:
    return "" if ratio.target is None else f"{ratio.relation} {ratio.target:g}"


def _spread(ratio: Ratio) -> tuple[str, str]:
    return (factor(ratio.spread[0]), factor(ratio.spread[1])) if ratio.spread else ("", "")


def _times(part: Part) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("what", "median", "fastest", "slowest", "runs")]
    for name, values in part.samples.by_name.items():
        median = part.samples.median(name)
        rows.append((name, seconds(median), seconds(min(values)), seconds(max(values)), str(len(values))))
    return rows


def _ratios(part: Part) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("ratio", "measured", "lowest", "highest", "target", "verdict")]
    rows += [(ratio.what, factor(ratio.value), *_spread(ratio), _target(ratio), ratio.verdict) for ratio in part.ratios]
    return rows


def plain(part: Part) -> str:
    """For the terminal."""
    return "\n".join([part.title, "", _columns(_times(part)), "", _columns(_ratios(part)), ""])


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _markdown_table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    # Everything but the first column is short.
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *body])


def _markdown(part: Part) -> str:
    return "\n\n".join(
        [f"## {part.title}", _wrapped(part.method), _markdown_table(_ratios(part)), _markdown_table(_times(part))]
    )


def check(path: Path) -> None:
    """Raises UnmeasurableError where the tables could not be written, before an hour is spent on them."""
    _around(path)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def write(path: Path, facts: Sequence[str], parts: Sequence[Part]) -> None:
    """Replaces what an earlier run has written; what people wrote around it stays."""
    before, after = _around(path)
    body = "\n\n".join(["\n".join(f"- {fact}" for fact in facts), *map(_markdown, parts)])
    path.write_text(f"{before}{_BEGIN}\n\n{body}\n\n{_END}{after}", encoding="utf-8")


def _around(path: Path) -> tuple[str, str]:
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _old, end, after = rest.partition(_END)
    if not begin or not end:
        raise UnmeasurableError(f"{path} has lost the lines {_BEGIN!r} and {_END!r}: put them where the tables belong")
    return before, after
