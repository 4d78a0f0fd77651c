# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said where a backend can express less than what is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.capabilities import (
    Capabilities,
    missing_capabilities,
    require_capabilities,
)
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_ruleset

ALL = Capabilities(True, True, True, True, True, True)
NONE = Capabilities(False, False, False, False, False, False)


def row(*sources: str) -> dict[str, Any]:
    return {"protocol": "icmp", "sources": list(sources)}


REFUSED = [{"protocol": "tcp", "ports": "5432"}]


@pytest.mark.parametrize(
    ("ruleset", "confirmed", "missing"),
    [
        (make_ruleset([row("10.0.0.3/32")]), False, []),
        (make_ruleset([row("10.0.0.3/32")]), True, ["jsa_firewall_confirm_timeout: 0"]),
        (make_ruleset([row("10.0.0.0/31")]), False, ["networks, but"]),
        (make_ruleset([row("fd00::3/128")]), False, ["IPv6 addresses, but"]),
        (make_ruleset([], REFUSED), False, ["reject ports, but"]),
        (make_ruleset([], outbound=[]), False, ["jsa_firewall_restrict_outbound restricts"]),
        (
            make_ruleset([row("fd00::/64")], REFUSED, outbound=[]),
            True,
            ["Unset jsa_firewall_restrict_outbound", "reject ports", "IPv6 addresses", "networks", "confirmed"],
        ),
    ],
)
def test_what_is_missing(ruleset: Ruleset, confirmed: bool, missing: list[str]) -> None:
    assert missing_capabilities("x", ALL, ruleset, confirmed) == ""
    require_capabilities("x", ALL, ruleset, confirmed)
    said = missing_capabilities("x", NONE, ruleset, confirmed)
    assert said.count("but the backend x does not support that. ") == len(missing)
    for words in missing:
        assert words in said
    if missing:
        with pytest.raises(FirewallError, match=r"\. Nothing was written$"):
            require_capabilities("x", NONE, ruleset, confirmed)


def test_a_backend_s_own_reason() -> None:
    told = ALL._replace(outbound=False, reasons={"outbound": "x 0.9 is too old"})
    assert missing_capabilities("x", told, make_ruleset(outbound=[])) == (
        "jsa_firewall_restrict_outbound restricts what this host may contact, but x 0.9 is too old. "
        "Unset jsa_firewall_restrict_outbound for this host"
    )
    assert told.names()["outbound"] is False
    assert "reasons" not in told.names()
