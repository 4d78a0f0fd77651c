# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""README.md and "make help" say of the demo what its inventory has."""

from __future__ import annotations

import re

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
NUMBERS = {7: "seven", 8: "eight", 9: "nine", 10: "ten", 11: "eleven", 12: "twelve"}


def hosts(group: dict[str, Any]) -> set[str]:
    found = set(group.get("hosts") or {})
    return found.union(*(hosts(one or {}) for one in (group.get("children") or {}).values()))


@pytest.mark.parametrize(
    ("file", "pattern"),
    [("README.md", r"\| `make demo` \| (.*)\|"), ("Makefile", r"^demo: develop  ## (.*)$")],
)
def test_the_number_of_hosts(file: str, pattern: str) -> None:
    groups = yaml.safe_load((ROOT / "tests/lab/inventories/demo.yml").read_text())["all"]["children"]
    everybody = set().union(*(hosts(group) for group in groups.values()))
    members = set().union(*(hosts(group) for name, group in groups.items() if name.startswith("jsa_")))
    match = re.search(pattern, (ROOT / file).read_text(), re.MULTILINE)
    assert match
    assert f"{NUMBERS[len(everybody)]} hosts" in match[1]
    assert f"{NUMBERS[len(members)]} of them JSA" in match[1]
