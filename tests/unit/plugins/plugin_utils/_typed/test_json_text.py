# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON that is read more strictly than Python does."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._typed.json_text import parse_json


def test_json() -> None:
    assert parse_json('{"a": [1, 2.5, null, {"a": {"b": "c"}}]}') == {"a": [1, 2.5, None, {"a": {"b": "c"}}]}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1"),
        ('[{"b": 1, "a": 1, "b": 2}]', "the key 'b' occurs twice in one mapping"),
        ("[NaN]", "JSON has no NaN"),
        ("[Infinity]", "JSON has no Infinity"),
        ("[" * 200_000, "nested too deep"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_json(text)
