# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses JSON more strictly than Python does by default."""

from __future__ import annotations

import json

from collections import Counter
from typing import Any, NoReturn


def parse_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError, also for NaN and for a duplicate key."""
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("its lists and mappings are nested too deeply") from None


def compact_json(value: Any) -> str:
    """*value* as a JSON text for an option or a result of a task.

    Before 2.19, Ansible would read a text that begins with a brace as Python.
    """
    return " " + json.dumps(value, separators=(",", ":"))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The mapping. Of two values for one key, json would use the last, but a person may have read the first."""
    found = dict(pairs)
    if len(found) != len(pairs):
        # Linear: a file can have millions of keys to keep its reader busy.
        counts = Counter(key for key, _value in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"the key {twice!a} occurs twice in one mapping")
    return found


def _refuse_constant(name: str) -> NoReturn:
    """Rejects NaN and Infinity, which are not JSON (RFC 8259), but which Python accepts."""
    raise ValueError(f"JSON has no {name}")
