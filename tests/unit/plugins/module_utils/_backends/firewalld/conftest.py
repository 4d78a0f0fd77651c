# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that the recordings in data/ were made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_ruleset

PROCESSORS = ["10.0.0.3/32", "10.0.0.4/32", "fd00::3/128"]


@pytest.fixture
def inbound() -> list[dict[str, Any]]:
    return [
        {
            "protocol": "tcp",
            "ports": "22",
            "sources": ["10.9.0.0/16"],
            "why": ["ssh"],
            "source_classes": ["admin"],
        },
        {
            "protocol": "tcp",
            "ports": "32006",
            "sources": PROCESSORS,
            "why": ["ariel_query"],
            "source_classes": ["event_processor"],
        },
        {"protocol": "udp", "ports": "514", "sources": ["0.0.0.0/0", "::/0"], "why": ["syslog"]},
        {"protocol": "icmp", "sources": PROCESSORS, "why": ["ha_ping"], "source_classes": ["event_processor"]},
    ]


@pytest.fixture
def refused() -> list[dict[str, Any]]:
    return [
        {"protocol": "tcp", "ports": "5432", "why": ["postgres"]},
        {"protocol": "tcp", "ports": "7777", "why": ["jmx"]},
    ]


@pytest.fixture
def ruleset(inbound: list[dict[str, Any]], refused: list[dict[str, Any]]) -> Ruleset:
    return make_ruleset(inbound, refused, "reject", None)


@pytest.fixture
def data() -> Path:
    return Path(__file__).parent / "data"
