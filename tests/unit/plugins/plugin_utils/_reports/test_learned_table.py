# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of what traffic says: worst first, and nothing left out in silence."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._reports.learned_table import learned_table
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS, address_of, planner
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.recorded import (
    TIME,
    connection,
    contact,
    learned,
    record,
)

ASKED = planner(jsa_networks={**NO_NETWORKS, "log_sources": ["10.1.0.0/16"]})


def lines_after(text: str, title: str) -> list[str]:
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(title))
    rest = lines[start + 1 :]
    return rest[: rest.index("")] if "" in rest else rest


def test_worst_first() -> None:
    found = learned(
        ASKED,
        {
            "con1": record(
                contact("203.0.113.9", "443/tcp", 7),
                contact("203.0.113.77", "443/tcp", 1),
                contact("10.1.0.9", "9100/tcp", process="node_exporter"),
                established=[connection("203.0.113.9", "443/tcp")],
            ),
            "ec1": record(contact("10.1.0.5", "514/udp", 12)),
            "ep1": {"failed": True, "msg": "no root"},
        },
    )
    text = learned_table(found)
    titles = ["Not observed:", "con1: recorded since", "Would be cut off:", "Not in the plan", "Planned, seen:"]
    titles += ["Planned, never seen", "2 hosts: 1 would be cut off (1 with open connections), 1 planned and seen"]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)
    assert "  ep1: no root" in text
    head, row, *reasons = lines_after(text, "Would be cut off:")
    assert head.split() == ["FROM", "TO", "PORT", "SERVICE", "CONNECTIONS", "LAST", "SEEN"]
    assert row.split("  ")[1] == "203.0.113.0/24 (2 addresses)" and "con1" in row and "Apache HTTPS (service)" in row
    assert row.endswith("open now") and "  8  " in row
    assert "https (Apache HTTPS): it is open only to" in reasons[0]
    _head, seen = lines_after(text, "Planned, seen:")
    assert seen.split() == ["log_sources", "ec1", "udp", "514", "Syslog", "(service)", "12", TIME]
    assert any("2026-11-24T00:00:00Z" in line for line in lines_after(text, "Planned, never seen"))


def test_the_same_reason_is_one_line() -> None:
    strangers = [contact(f"{first}.0.113.9", "514/tcp") for first in (198, 199, 203, 204, 205)]
    text = learned_table(learned(ASKED, {"ec1": record(*strangers)}))
    _head, row, *_reasons = lines_after(text, "Would be cut off:")
    assert "198.0.113.9, 199.0.113.9, 203.0.113.9 and more, 5 addresses in all" in row


def test_what_is_missing_in_a_record_is_told() -> None:
    gaps = [{"from": None, "to": TIME, "reason": "The host was restarted"}]
    records = {
        "con1": record(gaps=gaps, not_recorded=9, notes=["nft does not count"]),
        "ec1": record(state="now", since=None),
        "ep1": record(state="absent"),
    }
    text = learned_table(learned(ASKED, records))
    assert f"  not recorded until {TIME}: The host was restarted" in text
    assert "9 contacts did not fit into the record (jsa_learn_entries)" in text and "  nft does not count" in text
    assert "ec1: one look, no record" in text
    assert "ep1: recorded since 2026-11-24T00:00:00Z, but not any more: run jsa.ports.learn again" in text


def test_what_is_not_shown_is_counted() -> None:
    ports = [contact(address_of("app1"), f"{port}/tcp") for port in range(20000, 20060)]
    text = learned_table(learned(ASKED, {"con1": record(*ports)}))
    assert "... and 20 more lines, all of them in learned.json" in text
