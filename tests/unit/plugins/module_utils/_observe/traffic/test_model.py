# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items of a record: how several become one, and which stay."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import (
    Gap,
    Seen,
    merge,
    newest,
    read_time,
    written,
)

NOON = 1764504000


def seen(peer: str = "10.1.0.5", port: int = 514, count: int | None = 1, last: int | None = NOON) -> Seen:
    return Seen(peer, "tcp", port, count, last)


def test_times_are_utc() -> None:
    assert written(NOON) == "2025-11-30T12:00:00Z"
    assert read_time("2025-11-30T12:00:00Z") == NOON
    assert written(None) is None
    assert Gap(None, NOON, "why").as_dict() == {"from": None, "to": "2025-11-30T12:00:00Z", "reason": "why"}


def test_counts_add_up_and_the_latest_time_stays() -> None:
    first = seen(count=2, last=NOON - 60)._replace(process="ecs-ec")
    assert merge([first], [seen(count=3)], [seen(count=None, last=None)]) == (seen(count=5)._replace(process="ecs-ec"),)
    assert merge([seen(count=None, last=None)], [seen(count=None, last=None)]) == (seen(count=None, last=None),)


def test_the_order_is_by_port_and_then_by_address_not_by_its_text() -> None:
    items = [seen("fd77::1"), seen("10.0.0.10"), seen("10.0.0.9"), seen("10.9.9.9", port=22)]
    assert [item.peer for item in merge(items)] == ["10.9.9.9", "10.0.0.9", "10.0.0.10", "fd77::1"]


def test_the_newest_stay_and_what_does_not_fit_is_counted() -> None:
    items = [seen("10.0.0.1", last=10), seen("10.0.0.2", last=30), seen("10.0.0.3", last=20), seen("10.0.0.4", last=5)]
    kept, missing = newest(items, 2, 10)
    assert [item.peer for item in kept] == ["10.0.0.2", "10.0.0.3"]
    assert missing == 1, "the one that is too old is not missed"
    assert newest([seen(last=None)], 5, 10) == ((seen(last=None),), 0)
