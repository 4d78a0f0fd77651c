# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rulesets and guards from plain lists, for the tests that are about something else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import Guard, build_ruleset, read_guard


def make_ruleset(
    inbound: Sequence[Any] = (),
    refused: Sequence[Any] = (),
    unlisted: str = "zone",
    guard: Guard | None = None,
    outbound: Sequence[Any] | None = None,
) -> Ruleset:
    ruleset: Ruleset = build_ruleset(list(inbound), list(refused), unlisted, guard, outbound)
    return ruleset


def make_guard(management: Sequence[str], address: str | None, port: int) -> Guard | None:
    """*address*: of the connection that a run comes through."""
    guard: Guard = read_guard(management, address, port)
    return guard
