# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recording on one host, from the first run to the last, with whatever others do in between."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic import run as states
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import Seen, written
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._observe.traffic.machine import DAY, NOW, Machine

HOUR = 3600


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def peers(traffic: dict[str, Any], direction: str = "inbound") -> list[tuple[Any, ...]]:
    return [(one["peer"], one["protocol"], one["port"], one["connections"]) for one in traffic[direction]]


def holes(traffic: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(one["from"], one["to"], one["reason"].partition(",")[0]) for one in traffic["gaps"]]


class TestPresent:
    def test_it_records_once_and_then_changes_nothing(self, machine: Machine) -> None:
        changed, traffic = machine.run("present")
        assert changed
        assert (traffic["state"], traffic["since"], traffic["capacity"]) == ("recording", written(NOW), 100)
        assert traffic["gaps"] == traffic["notes"] == traffic["inbound"] == []
        fed = len(machine.kernel.fed)
        machine.now += HOUR
        changed, traffic = machine.run("present")
        assert (changed, traffic["since"]) == (False, written(NOW))
        assert len(machine.kernel.fed) == fed

    def test_check_mode_tells_and_does_nothing(self, machine: Machine) -> None:
        assert machine.run("present", check=True)[0]
        assert machine.kernel.table is None and not machine.store.exists
        machine.run("present")
        assert not machine.run("present", check=True)[0]

    def test_what_is_seen(self, machine: Machine) -> None:
        machine.run("present")
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514, packets=12, ago=HOUR)
        machine.kernel.record("inbound_ipv6", "fd77::2", "tcp", 22)
        machine.kernel.record("outbound_ipv4", "10.9.0.5", "tcp", 443, packets=3)
        machine.kernel.miss("inbound", 7)
        traffic = machine.run("read")[1]
        assert traffic["inbound"] == [
            {"peer": "fd77::2", "protocol": "tcp", "port": 22, "connections": 1, "last_seen": written(NOW),
             "process": "sshd"},
            {"peer": "10.1.0.5", "protocol": "udp", "port": 514, "connections": 12, "last_seen": written(NOW - HOUR),
             "process": None},
        ]  # fmt: skip
        assert peers(traffic, "outbound") == [("10.9.0.5", "tcp", 443, 3)]
        assert traffic["not_recorded"] == 7

    def test_open_connections_are_seen_too(self, machine: Machine) -> None:
        machine.run("present")
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "tcp", 22, packets=4, ago=DAY)
        machine.connect(Seen("10.1.0.5", "tcp", 22, 1, NOW, "sshd"), Seen("10.1.0.6", "tcp", 22, 2, NOW, "sshd"))
        traffic = machine.run("read")[1]
        assert peers(traffic) == [("10.1.0.5", "tcp", 22, 4), ("10.1.0.6", "tcp", 22, 2)]
        assert {one["last_seen"] for one in traffic["inbound"]} == {written(NOW)}
        assert traffic["established"] == [
            {"peer": "10.1.0.5", "protocol": "tcp", "port": 22}, {"peer": "10.1.0.6", "protocol": "tcp", "port": 22},
        ]  # fmt: skip

    def test_a_service_that_starts_is_added_and_nothing_is_lost(self, machine: Machine) -> None:
        machine.run("present")
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514)
        changed, traffic = machine.run("present", ["514/udp", "443/tcp"])
        assert changed and traffic["gaps"] == [] and peers(traffic) == [("10.1.0.5", "udp", 514, 1)]
        assert machine.kernel.handles == 1, "the same table"
        # One that ends meanwhile stays.
        assert not machine.run("present")[0]

    @pytest.mark.parametrize("more", [{"entries": 200}, {"days": 7}])
    def test_other_limits_keep_what_is_recorded(self, machine: Machine, more: dict[str, int]) -> None:
        machine.run("present")
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514, packets=2)
        machine.kernel.miss("inbound", 1)
        changed, traffic = machine.run("present", **more)
        assert changed and machine.kernel.handles == 2 and traffic["gaps"] == []
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514, packets=3)
        machine.kernel.miss("inbound", 1)
        traffic = machine.run("read", **more)[1]
        assert peers(traffic) == [("10.1.0.5", "udp", 514, 5)]
        assert (traffic["since"], traffic["not_recorded"]) == (written(NOW), 2)
        assert not machine.run("present", **more)[0]

    def test_what_an_earlier_table_had_gets_too_old(self, machine: Machine) -> None:
        machine.run("present")
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514)
        machine.run("present", entries=200)
        machine.now += 31 * DAY
        assert peers(machine.run("read")[1]) == []

    def test_a_large_range_is_told(self, machine: Machine) -> None:
        traffic = machine.run("present", ["32000-33999/tcp"])[1]
        assert "Of the range 32000-33999/tcp, only ports are recorded" in traffic["notes"][0]


class TestOthers:
    @pytest.mark.parametrize(
        ("deed", "reason"),
        [
            ("flush_ruleset", "The table was removed by others"),
            ("flush_table", "The rules of the table were removed by others"),
            ("replace", "The table was replaced by others"),
        ],
    )
    def test_a_hole_is_told_before_and_after_it_is_mended(self, machine: Machine, deed: str, reason: str) -> None:
        machine.run("present")
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514, packets=2)
        machine.now += HOUR
        machine.run("present")
        getattr(machine.kernel, deed)()
        machine.now += HOUR
        gap = [(written(NOW + HOUR), written(NOW + 2 * HOUR), reason)]
        traffic = machine.run("read")[1]
        assert holes(traffic) == gap
        assert traffic["state"] == ("recording" if deed == "replace" else "absent")
        assert traffic["since"] == written(NOW)
        changed, traffic = machine.run("present")
        assert changed and holes(traffic) == gap and traffic["state"] == "recording"
        assert peers(traffic) == [("10.1.0.5", "udp", 514, 2)], "as of the last run"
        machine.now += HOUR
        changed, traffic = machine.run("present")
        assert not changed and holes(traffic) == gap

    def test_a_restart_ends_the_recording(self, machine: Machine) -> None:
        machine.run("present")
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514)
        machine.run("present")
        machine.restart()
        machine.now += HOUR
        for state in ("read", "present", "read"):
            traffic = machine.run(state)[1]
            assert holes(traffic) == [(written(NOW), written(NOW + HOUR), "The host was restarted")]
            assert traffic["inbound"] == []
        assert traffic["since"] == written(NOW + HOUR)

    def test_a_restart_by_whose_number_another_table_is_known(self, machine: Machine) -> None:
        """The numbers begin anew with each boot."""
        machine.run("present")
        machine.restart()
        machine.run("present")
        assert machine.kernel.handles == 1
        assert len(machine.run("read")[1]["gaps"]) == 1

    def test_a_table_that_nobody_remembers(self, machine: Machine) -> None:
        machine.run("present")
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514)
        machine.store.remove()
        traffic = machine.run("read")[1]
        assert (traffic["state"], traffic["since"]) == ("recording", None)
        assert "Since when the table records is not known" in traffic["notes"][0]
        changed, traffic = machine.run("present")
        assert changed and [(one["from"], one["to"]) for one in traffic["gaps"]] == [(None, written(NOW))]
        assert peers(traffic) == [("10.1.0.5", "udp", 514, 1)]

    @pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"version": 1}', '{"version": 9}'])
    def test_a_damaged_file_counts_as_none(self, machine: Machine, text: str) -> None:
        machine.run("present")
        (Path(machine.store.folder) / "record.json").write_text(text)
        assert machine.store.load() is None
        assert machine.run("present")[1]["state"] == "recording"

    def test_what_is_remembered_reads_back_as_it_was(self, machine: Machine) -> None:
        machine.run("present", ["514/udp", "7676-7677/tcp"])
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514)
        machine.kernel.flush_ruleset()
        machine.run("present", ["514/udp", "7676-7677/tcp"])
        record = machine.store.load()
        assert record is not None and record.gaps
        machine.store.save(record)
        assert machine.store.load() == record
        assert json.loads((Path(machine.store.folder) / "record.json").read_text())["version"] == 1


class TestLess:
    def test_without_nft_it_looks_and_says_so(self, machine: Machine) -> None:
        machine.kernel.there.clear()
        machine.connect(Seen("10.1.0.5", "tcp", 22, 1, NOW))
        for state in ("present", "read"):
            changed, traffic = machine.run(state)
            assert (changed, traffic["state"]) == (False, "now")
            assert peers(traffic) == [("10.1.0.5", "tcp", 22, 1)]
            assert "nft is not on this host" in traffic["notes"][0]
        assert not machine.store.exists

    def test_without_counters_it_still_knows_whom(self, machine: Machine) -> None:
        machine.kernel.refused = "dport counter"
        changed, traffic = machine.run("present")
        assert changed and traffic["state"] == "recording"
        assert "does not count within sets" in traffic["notes"][0] and "unexpected counter" in traffic["notes"][0]
        assert not machine.run("present")[0]

    def test_where_nothing_can_be_recorded(self, machine: Machine) -> None:
        machine.kernel.refused = "table"
        changed, traffic = machine.run("present")
        assert (changed, traffic["state"]) == (False, "now")
        assert "cannot record" in traffic["notes"][0]
        assert not machine.store.exists

    def test_a_table_that_is_not_listed_whole_does_not_stay(self, machine: Machine) -> None:
        create = machine.kernel.run

        def losing(name: str, *arguments: str, **options: Any) -> str:
            answer = create(name, *arguments, **options)
            if arguments == ("-f", "-"):
                machine.kernel.flush_table()
            return answer

        machine.kernel.run = losing  # type: ignore[method-assign]
        changed, traffic = machine.run("present")
        assert (changed, traffic["state"]) == (False, "now")
        assert "does not list all of it" in traffic["notes"][0]
        assert not machine.kernel.table
        assert not machine.store.exists

    def test_now_asks_nft_nothing(self, machine: Machine) -> None:
        machine.connect(Seen("10.1.0.5", "tcp", 22, 1, NOW))
        changed, traffic = machine.run("now")
        assert (changed, traffic["state"], traffic["since"]) == (False, "now", None)
        assert peers(traffic) == [("10.1.0.5", "tcp", 22, 1)]
        assert machine.kernel.called == []

    def test_what_a_scan_has_left_in_the_kernels_tracking_is_no_traffic(self, machine: Machine) -> None:
        scan = [Seen("10.1.0.9", "udp", port, 1, NOW) for port in (22, 513, 514, 515)]
        machine.track(scan, [Seen("10.9.0.5", "udp", 53, 1, NOW)])
        machine.connect(Seen("10.1.0.5", "tcp", 22, 1, NOW))
        traffic = machine.run("now")[1]
        assert peers(traffic) == [("10.1.0.5", "tcp", 22, 1), ("10.1.0.9", "udp", 514, 1)]
        assert peers(traffic, "outbound") == [("10.9.0.5", "udp", 53, 1)]
        traffic = machine.run("present")[1]
        assert peers(traffic) == [("10.1.0.5", "tcp", 22, 1)], "the table records them, if they come"

    def test_a_table_of_another_form_is_an_error(self, machine: Machine) -> None:
        machine.run("present")
        machine.kernel.set("inbound_ipv4")["elem"] = [{"elem": {"val": 3}}]
        for state in ("read", "present"):
            with pytest.raises(FirewallError, match="could not be read"):
                machine.run(state)


class TestAbsent:
    def test_nothing_is_left(self, machine: Machine) -> None:
        machine.run("present")
        assert machine.run("absent", check=True)[0]
        assert machine.kernel.table and machine.store.exists
        changed, traffic = machine.run("absent")
        assert (changed, traffic["state"], traffic["since"]) == (True, "absent", None)
        assert machine.kernel.table is None
        assert not (machine.folder / "jsa_ports").exists()
        assert not machine.run("absent")[0]

    def test_the_firewalls_own_state_stays(self, machine: Machine) -> None:
        machine.run("present")
        other = machine.folder / "jsa_ports" / "firewalld"
        other.mkdir()
        machine.run("absent")
        assert other.exists() and not Path(machine.store.folder).exists()

    def test_what_others_have_removed_already(self, machine: Machine) -> None:
        machine.run("present")
        machine.kernel.flush_ruleset()
        assert machine.run("absent")[0]
        assert not machine.store.exists


class TestPersistent:
    def test_the_unit_comes_and_goes(self, machine: Machine) -> None:
        machine.with_systemd()
        assert machine.run("present", persistent=True)[0]
        unit = machine.units / "jsa-ports-learn.service"
        assert "ExecStop=" in unit.read_text()
        assert ("systemctl", "enable", "--now", "jsa-ports-learn.service") in machine.kernel.called
        (machine.units / "multi-user.target.wants").mkdir()
        (machine.units / "multi-user.target.wants" / "jsa-ports-learn.service").symlink_to(unit)
        assert not machine.run("present", persistent=True)[0]
        assert machine.run("present", persistent=True, check=True)[0] is False
        assert machine.run("present", persistent=False)[0]
        assert not unit.exists()
        assert ("systemctl", "disable", "--now", "jsa-ports-learn.service") in machine.kernel.called
        machine.run("present", persistent=True)
        machine.run("absent")
        assert not unit.exists()

    def test_a_restart_is_a_gap_and_nothing_is_forgotten(self, machine: Machine) -> None:
        machine.with_systemd().run("present", persistent=True)
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514, packets=2)
        machine.now += HOUR
        states.keep_on(machine.host, "stop")
        machine.restart()
        machine.now += 60
        states.keep_on(machine.host, "start")
        machine.kernel.record("inbound_ipv4", "10.1.0.5", "udp", 514, packets=3)
        traffic = machine.run("read")[1]
        assert (traffic["state"], traffic["since"]) == ("recording", written(NOW))
        assert holes(traffic) == [(written(NOW + HOUR), written(NOW + HOUR + 60), "The host was restarted")]
        assert peers(traffic) == [("10.1.0.5", "udp", 514, 5)]

    def test_the_unit_does_nothing_where_nothing_is_lost_or_remembered(self, machine: Machine) -> None:
        machine.with_systemd()
        states.keep_on(machine.host, "start")
        assert machine.kernel.fed == []
        machine.run("present", persistent=True)
        fed = len(machine.kernel.fed)
        states.keep_on(machine.host, "start")
        machine.kernel.flush_ruleset()
        before = machine.store.load()
        states.keep_on(machine.host, "stop")
        assert len(machine.kernel.fed) == fed and machine.store.load() == before

    def test_without_systemd_it_says_so(self, machine: Machine) -> None:
        changed, traffic = machine.run("present", persistent=True)
        assert changed and "no systemd" in traffic["notes"][0]
        assert not machine.run("present", persistent=True)[0]
        assert list(machine.units.iterdir()) == []
