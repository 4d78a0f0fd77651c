# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text of others does not steer a terminal, and can be written wherever text is."""

from __future__ import annotations

import json
import math
import unicodedata

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("con1: tcp 443", "con1: tcp 443"),
        ("größer als 日本", "größer als 日本"),
        ("two\nlines", "two\nlines"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\rb\tc\x00\x7f", "a\\rb\\tc\\x00\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("abc\u202etxt", "abc\\u202etxt"),
        ("\ud800", "\\ud800"),
        ("\uffff", "\\uffff"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_what_steers_a_terminal_is_shown_instead(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_line_can_be_kept_one() -> None:
    assert printable("two\nlines", keep="") == "two\\nlines"


@given(text=ANY_TEXT)
def test_all_that_is_left_can_be_written(text: str) -> None:
    shown = printable(text)
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert {unicodedata.category(character) for character in shown.replace("\n", "")}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(value=ANYTHING)
def test_a_whole_result_can_be_written(value: Any) -> None:
    found = plain(value)
    text = json.dumps(found, ensure_ascii=False, allow_nan=False)
    assert text.encode("utf-8")
    assert plain(found) == found
    assert json.loads(json.dumps(found)) == found


def test_a_result_is_the_same_where_nothing_is_odd() -> None:
    value = {"msg": "größer\nals", "rows": [{"port": 443, "open": True, "seconds": 0.5, "by": None}]}
    assert plain(value) == value
    assert plain({"name": ("\x1b[2J", math.nan)}) == {"name": ["\\x1b[2J", None]}
