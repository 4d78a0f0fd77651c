# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of bus and programs to the word, and others' rules in iptables across a reload."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import client as clients
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import kernel_sets
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError, Status
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import SetSupport
from ansible_collections.jsa.ports.plugins.module_utils._host.dbus import BusError

FIREWALLD, PATH = "org.fedoraproject.FirewallD1", "/org/fedoraproject/FirewallD1"


class Bus:
    """One that writes down what it is asked."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answers = answers

    def call(self, *arguments: Any) -> Any:
        self.asked.append(arguments)
        answer = self.answers.get(arguments[3], ("answer",))
        if isinstance(answer, Exception):
            raise answer
        return answer


class Host(Client):
    """Programs that answer with what they are given."""

    def __init__(self, bus: Bus, outputs: dict[str, Any] | None = None) -> None:
        super().__init__(lambda name: name if name in self.outputs else None, bus, "/nowhere/etc", "/nowhere/lib")
        #: Program -> what it prints, one time after the other, the last for good.
        self.outputs = outputs or {}
        self.ran: list[Any] = []

    def run(self, program: str, *arguments: str, **options: Any) -> str:
        self.ran.append((program, *arguments, *([options["input"]] if options.get("input") else [])))
        output = self.outputs[program]
        if isinstance(output, list):
            output = output.pop(0) if len(output) > 1 else output[0]
        if isinstance(output, Exception):
            raise output
        return str(output)


@pytest.mark.parametrize(
    ("arguments", "options", "asked"),
    [
        (("", "reload"), {}, (FIREWALLD, PATH, FIREWALLD, "reload", "", (), 30)),
        (
            ("zone", "getZones"), {"timeout": 5},
            (FIREWALLD, PATH, FIREWALLD + ".zone", "getZones", "", (), 5),
        ),
        (
            ("config", "getZoneByName", "s", ["x"], "/config"), {},
            (FIREWALLD, PATH + "/config", FIREWALLD + ".config", "getZoneByName", "s", ["x"], 30),
        ),
        (
            ("config.zone", "getSettings2"), {"path": PATH + "/config/zone/1"},
            (FIREWALLD, PATH + "/config/zone/1", FIREWALLD + ".config.zone", "getSettings2", "", (), 30),
        ),
        (
            ("org.freedesktop.DBus", "NameHasOwner", "s", ["x"]),
            {"path": "/org/freedesktop/DBus", "destination": "org.freedesktop.DBus"},
            ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", "s", ["x"], 30),
        ),
    ],
)  # fmt: skip
def test_calls(arguments: tuple[Any, ...], options: dict[str, Any], asked: tuple[Any, ...]) -> None:
    bus = Bus()
    assert Host(bus).call(*arguments, **options) == ("answer",)
    assert bus.asked == [asked]


def test_the_version_is_asked_for_with_little_patience() -> None:
    bus = Bus(Get=("1.3.3",))
    assert Host(bus).status() == Status(True, "1.3.3", "")
    properties = "org.freedesktop.DBus.Properties"
    assert bus.asked == [(FIREWALLD, PATH, properties, "Get", "ss", [FIREWALLD, "version"], 10)]


@pytest.mark.parametrize(
    ("add", "remove", "one_by_one"), [(8, 8, True), (16, 0, True), (0, 16, True), (9, 8, False), (8, 9, False)]
)
def test_up_to_sixteen_entries_are_changed_one_by_one(add: int, remove: int, one_by_one: bool) -> None:
    bus = Bus()
    Host(bus).change_entries("s", ["x"], ["a"] * add, ["b"] * remove)
    expected = ["removeEntry"] * remove + ["addEntry"] * add if one_by_one else ["setEntries"]
    assert [asked[3] for asked in bus.asked] == expected


def test_what_iptables_has() -> None:
    host = Host(Bus(), {"iptables-save": "four", "ipset": "sets"})
    assert (host.iptables("ipv4"), host.iptables("ipv6"), host.ipsets()) == ("four", None, "sets")
    assert host.ran == [("iptables-save", "-t", "filter"), ("ipset", "save")]


@pytest.mark.parametrize(
    ("support", "forgotten"), [(SetSupport(False, False), ["jsa-a-4"]), (SetSupport(True, False), [])]
)
def test_sets_are_forgotten_where_firewalld_has_no_hold_of_them(
    monkeypatch: pytest.MonkeyPatch, support: SetSupport, forgotten: list[str]
) -> None:
    found: list[str] = []
    monkeypatch.setattr(kernel_sets, "destroy", found.extend)
    host = Host(Bus())
    monkeypatch.setattr(host, "set_support", lambda: support)
    host.forget_sets(["jsa-a-4"])
    assert found == forgotten


EMPTY = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
RULE, OTHER = "-A INPUT -s 192.0.2.68/32 -j DROP\n", "-A INPUT -s 192.0.2.69/32 -j DROP\n"
TABLE = '{"nftables": []}'


def filled(*rules: str) -> str:
    return EMPTY.replace("COMMIT", "".join(rules) + "COMMIT")


def reload(bus: Bus | None = None, nft: Any = TABLE, **outputs: Any) -> list[Any]:
    """What is put back into iptables."""
    programs = {name.replace("_", "-"): output for name, output in outputs.items()}
    host = Host(bus or Bus(getAllChains=([],), getAllRules=([],), getAllPassthroughs=([],)), {
        "nft": nft, "ipset": "", "iptables-restore": "", "ip6tables-restore": "",
        **{name: CommandError([name], None, "not there") for name in ("iptables-save", "ip6tables-save")}, **programs,
    })  # fmt: skip
    host.reload()
    return [ran for ran in host.ran if "restore" in ran[0]]


@pytest.mark.parametrize("prefix", ["ip", "ip6"])
def test_rules_of_others_are_put_back_after_a_reload(prefix: str) -> None:
    restored = reload(**{prefix + "tables_save": [filled(RULE, OTHER), filled(OTHER)]})
    assert restored == [(prefix + "tables-restore", "--noflush", "--wait", f"*filter\n{RULE}COMMIT\n")]


def test_nothing_is_put_back_where_nothing_is_gone() -> None:
    assert reload(iptables_save=filled(RULE)) == []
    assert reload(iptables_save=[EMPTY, EMPTY]) == []
    assert reload() == []


def test_what_firewalld_s_own_direct_rules_are_about_is_left_to_it() -> None:
    direct = ("ipv4", "filter", "INPUT", 0, ["-j", "DROP"])
    bus = Bus(getAllChains=([],), getAllRules=([direct],), getAllPassthroughs=([],))
    assert reload(bus, iptables_save=[filled(RULE), EMPTY]) == []
    # Of the other family.
    assert len(reload(bus, ip6tables_save=[filled(RULE), EMPTY])) == 1


def test_where_firewalld_filters_with_iptables_nobody_knows_whose_rules_they_are() -> None:
    failed = CommandError(["nft"], 1, "No such file or directory")
    assert reload(nft=failed, iptables_save=[filled(RULE), EMPTY]) == []


def test_rules_are_put_back_although_direct_rules_cannot_be_asked_for() -> None:
    bus = Bus(getAllChains=BusError("no answer", "org.freedesktop.DBus.Error.NoReply"))
    assert len(reload(bus, iptables_save=[filled(RULE), EMPTY])) == 1


class TestFirewallCmdThatDoesNotWait:
    """Over a bus that is not there, a reload of huge sets takes longer than firewall-cmd waits."""

    @pytest.fixture
    def now(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        now = [100.0]
        monkeypatch.setattr(clients.time, "monotonic", lambda: now[0])
        monkeypatch.setattr(clients.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + 60 * seconds))
        return now

    def reload(self, monkeypatch: pytest.MonkeyPatch, now: list[float], until: float) -> None:
        host = Host(Bus(reload=BusError("there is none"), Get=BusError("there is none")), {
            "firewall-cmd": CommandError(["firewall-cmd"], 1, "Did not receive a reply. x"), "ipset": "",
        })  # fmt: skip
        monkeypatch.setattr(host, "require_loadable", lambda: None)
        monkeypatch.setattr(host, "status", lambda: Status(now[0] >= until, "1.3.3", ""))
        host.reload()

    def test_it_is_waited_for(self, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
        self.reload(monkeypatch, now, 310)
        assert now == [310]

    def test_three_minutes_and_not_longer(self, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
        with pytest.raises(CommandError, match="Did not receive a reply"):
            self.reload(monkeypatch, now, 311)
        assert now == [310]


def test_what_cannot_be_restored_at_once_is_put_back_one_by_one() -> None:
    """A comment with a line break in it, which iptables takes and iptables-restore does not."""
    odd = '-A INPUT -s 192.0.2.70/32 -m comment --comment "two\nlines \\"-s\\"" -j DROP\n'
    host = Host(
        Bus(getAllChains=([],), getAllRules=([],), getAllPassthroughs=([],)),
        {
            "nft": TABLE, "ipset": "", "iptables": "",
            "iptables-save": [EMPTY.replace(":INPUT", ":OWN - [0:0]\n:INPUT").replace("COMMIT", f"{odd}{RULE}COMMIT"),
                              EMPTY],
            "iptables-restore": CommandError(["iptables-restore"], 2, "line 3 failed"),
            "ip6tables-save": CommandError(["ip6tables-save"], None, "not there"),
        },
    )  # fmt: skip
    host.reload()
    words = ["-A", "INPUT", "-s", "192.0.2.70/32", "-m", "comment", "--comment", 'two\nlines "-s"', "-j", "DROP"]
    assert [ran for ran in host.ran if ran[0] == "iptables"] == [
        ("iptables", "--wait", "-t", "filter", "-N", "OWN"),
        ("iptables", "--wait", "-t", "filter", *words),
        ("iptables", "--wait", "-t", "filter", *RULE.split()),
    ]


def test_what_cannot_be_put_back_at_all_is_told_when_the_rest_is_there() -> None:
    failed = CommandError(["iptables"], 1, "no such target")
    with pytest.raises(CommandError, match="no such target"):
        reload(iptables_save=[filled(RULE, OTHER), EMPTY], iptables_restore=failed, iptables=[failed, ""])
