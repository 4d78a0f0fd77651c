# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person reads of a program's message."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, shorten


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", ""),
        (" one\n\n", "one"),
        ("one\none\ntwo\n", "one\ntwo"),
        ("1\n2\n3\n4\n", "1\n2\n3 ..."),
        ("nft failed: conflicting intervals\n\n\nJSON blob:\n{}", "nft failed: conflicting intervals"),
    ],
)
def test_the_first_lines(message: str, expected: str) -> None:
    assert shorten(message) == expected


def test_an_error_is_short_and_keeps_all_of_it() -> None:
    message = "x" * 126040
    error = CommandError(["nft"], 1, message)
    assert len(str(error)) < 450
    assert error.output == message


def test_an_error_is_never_empty() -> None:
    assert str(CommandError(["nft", "list"], 3, "\n")) == "nft list: exit code 3"
