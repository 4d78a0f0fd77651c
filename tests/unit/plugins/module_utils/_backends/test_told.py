# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found on a host, in lines."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import FILES, RUNTIME, Difference
from ansible_collections.jsa.ports.plugins.module_utils._backends.told import difference_lines, opening_warning


def test_object_by_object() -> None:
    found = [
        Difference("policy jsa-in", RUNTIME, ["accept tcp 22 from admin"], ["accept tcp 1"]),
        Difference("set jsa-ep-4", FILES, ["10.0.0.3/32"], []),
    ]
    assert difference_lines(found) == [
        "lacks in the running rules, policy jsa-in: accept tcp 22 from admin",
        "has in the running rules, policy jsa-in: accept tcp 1",
        "lacks in the files, set jsa-ep-4: 10.0.0.3/32",
    ]
    assert difference_lines([]) == []


def test_an_opening() -> None:
    opening = {"object": "zone public", "setting": "service postgresql", "protocol": "tcp", "ports": "5432",
               "why": ["postgres", "data"], "effective": False}  # fmt: skip
    assert opening_warning(opening) == (
        "zone public opens tcp 5432 by service postgresql, which no host outside of the deployment needs "
        "(postgres, data)"
    )
