# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Suggestions for error messages about unknown names."""

from __future__ import annotations

import difflib

from collections.abc import Iterable


def did_you_mean(word: str, valid: Iterable[str], cutoff: float = 0.75) -> str:
    """``", did you mean X?"`` where one of *valid* is close to *word*, else nothing."""
    close = difflib.get_close_matches(word, list(valid), n=1, cutoff=cutoff)
    return f", did you mean {close[0]}?" if close else ""


def expected(given: object, valid: Iterable[str]) -> str:
    """``expected one of a, b, c``; with ``did you mean b?`` before it if *given* is close to a valid name."""
    names = list(dict.fromkeys(valid))
    text = str(given).lower()
    close = [name for name in names if text and name.startswith(text)]
    close += [name for name in difflib.get_close_matches(text, names, n=3, cutoff=0.6) if name not in close]
    guess = "did you mean %s? " % " or ".join(close) if close else ""
    rest = [name for name in names if name not in close]
    return "%sexpected one of: %s" % (guess, ", ".join(close + rest))
