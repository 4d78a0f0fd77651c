# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.releases import (
    NEWEST,
    Release,
    applies,
    parse_release,
)

IN_ORDER = [
    "2013.2",
    "2014.1",
    "2014.5",
    "2014.5.r1",
    "2014.6",
    "2014.8 R4",
    "2014.10",
    "7.3",
    "7.3.1",
    "7.3.3",
    "7.3.3 Patch 4",
    "7.3.3 FP5",
    "7.4.0",
    "7.4.3 Fix Pack 6",
    "7.5.0",
    "7.5.0 IF1",
    "7.5.0 UP5",
    "7.5.0 UP6",
    "7.5.0 Update Package 8 Interim Fix 3",
    "7.5.0 UP8 IF04",
    "7.5.0 UP10",
    "7.6.0",
    "8.0",
    None,
]


@pytest.mark.parametrize(("earlier", "later"), list(itertools.pairwise(IN_ORDER)))
def test_order(earlier, later):
    assert parse_release(earlier) < parse_release(later)


@pytest.mark.parametrize(
    "text",
    ["7.5.0 UP8 IF03", "7.5.0 up8 if3", "  JSA 7.5.0 Update Package 8 Interim Fix 3 ", "7.5.0UP8IF3", "7.5 UP08 IF 03"],
)
def test_one_release_in_many_spellings(text):
    assert parse_release(text) == Release(1, 7, 5, 0, 8, 3)


def test_unset_is_the_newest():
    assert parse_release(None) is NEWEST


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a release"),
        ("newest", "is not a release"),
        ("7", "is not a release"),
        ("7.5.0.6", "7.5.0 UP6"),
        ("7.5.0 UP", "is not a release"),
        ("7.5.0 IF3 UP8", "is not a release"),
        ("7.5.0 UP8 beta", "is not a release"),
        ("7.2.8", "numbered by year"),
        ("2021.6", "numbered by year until 2014"),
        ("2014", "is not a release"),
        ("-7.5.0", "is not a release"),
        ("\uff17.5.0", "is not a release"),
        (2014.1, "put it in quotes"),
        (7.5, "put it in quotes"),
        (True, "put it in quotes"),
        (["7.5.0"], "put it in quotes"),
    ],
)
def test_nonsense_is_refused(text, says):
    with pytest.raises(ValueError, match="is not a release") as caught:
        parse_release(text)
    assert says in str(caught.value)
    assert repr(text) in str(caught.value)


@given(st.one_of(st.text(), st.from_regex(r"[0-9.]{1,8}( ?(UP|IF|r)[0-9]{0,3}){0,2}", fullmatch=True)))
def test_any_text_is_a_release_or_a_value_error(text):
    try:
        release = parse_release(text)
    except ValueError as error:
        assert repr(text) in str(error)
    else:
        assert release < NEWEST


@given(*[st.tuples(st.integers(3, 9), st.integers(0, 9), st.integers(0, 99), st.integers(0, 99))] * 2)
def test_releases_compare_as_their_numbers(one, other):
    first, second = (parse_release("7.%d.%d UP%d IF%d" % numbers) for numbers in (one, other))
    assert (first < second) == (one < other)


@pytest.mark.parametrize(
    ("release", "release_from", "release_before", "expected"),
    [
        ("7.5.0 UP5", None, "7.5.0 UP6", True),
        ("7.5.0 UP6", None, "7.5.0 UP6", False),
        ("7.5.0 UP5 IF3", None, "7.5.0 UP6", True),
        (None, None, "7.5.0 UP6", False),
        ("2014.5", None, "2014.6", True),
        ("7.3.0", None, "2014.6", False),
        ("7.3.2", "7.3.3", None, False),
        ("7.3.3", "7.3.3", "7.5.0", True),
        ("7.5.0", "7.3.3", "7.5.0", False),
        (None, "7.3.3", None, True),
        ("2014.1", None, None, True),
    ],
)
def test_bounds(release, release_from, release_before, expected):
    assert applies(parse_release(release), release_from, release_before) is expected
