# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked and called, and what becomes of what fails. Programs and bus are made for the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._dbus import NO_REPLY, BusError
from ansible_collections.jsa.ports.plugins.module_utils._firewalld.client import Client, CommandError, Status

NO_BUS = BusError("there is none")


class Programs:
    """Shell scripts, and a bus, that write down how they were called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "log"
        self.log.touch()
        #: Member -> its answer, or the error that it is answered with; everything else is answered with nothing.
        self.bus: dict[str, Any] | BusError = NO_BUS
        self.etc = root / "etc"
        self.client = Client(self.find, self, str(self.etc))

    def call(
        self, name: str, path: str, interface: str, member: str, signature: str, arguments: list[Any], timeout: float
    ) -> tuple[Any, ...]:
        assert name == "org.fedoraproject.FirewallD1"
        if isinstance(self.bus, BusError):
            raise self.bus
        with self.log.open("a") as log:
            print("bus", member, *arguments, file=log)
        answer = self.bus.get(member, ())
        if isinstance(answer, BusError):
            raise answer
        return answer

    def find(self, name: str) -> str | None:
        path = self.root / name
        return str(path) if path.exists() else None

    def add(self, name: str, body: str = "") -> None:
        path = self.root / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.log}\n{body}\n')
        path.chmod(0o755)

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path)


def test_an_error_carries_the_command_and_its_words(programs: Programs) -> None:
    programs.add("firewall-cmd", "echo INVALID_ZONE: x >&2; exit 112")
    with pytest.raises(CommandError, match="firewall-cmd --reload: INVALID_ZONE: x") as error:
        programs.client.reload()
    assert error.value.code == 112


def test_a_reload_that_takes_longer_than_firewall_cmd_waits(programs: Programs) -> None:
    busy = programs.root / "busy"
    busy.touch()
    refuse = f"test ! -e {busy} || {{ rm {busy}; echo Did not receive a reply. >&2; exit 1; }}"
    programs.add("firewall-cmd", refuse)
    programs.client.reload()
    assert programs.calls() == ["firewall-cmd --reload", "firewall-cmd --version"]


@pytest.mark.parametrize("verb", ["reload", "check_config", "check_config_offline"])
@pytest.mark.parametrize(
    ("version", "conf", "policy", "ipset", "refused"),
    [
        ("0.9.3", "", '<source ipset="a"/>', False, True),
        ("1.3.3", "FirewallBackend=iptables", '<source ipset="a"/>', False, True),
        ("1.3.3", "#FirewallBackend=iptables", '<source ipset="a"/>', False, False),
        ("0.9.3", "", '<source ipset="a"/>', True, False),
        ("0.9.3", "", "<description>ipset</description>", False, False),
    ],
)
def test_nothing_is_loaded_that_would_empty_the_ruleset(
    programs: Programs, verb: str, version: str, conf: str, policy: str, ipset: bool, refused: bool
) -> None:
    (programs.etc / "policies").mkdir(parents=True)
    (programs.etc / "firewalld.conf").write_text(conf + "\n")
    (programs.etc / "policies" / "a.xml").write_text(policy)
    for program in ("firewall-cmd", "firewall-offline-cmd", *(["ipset"] if ipset else [])):
        programs.add(program, f"echo {version}")
    if refused:
        with pytest.raises(CommandError, match=r"policies/a\.xml use: .* Install the package ipset"):
            getattr(programs.client, verb)()
    else:
        getattr(programs.client, verb)()
    assert refused != any("--reload" in call or "--check-config" in call for call in programs.calls())


def test_words_of_commands_are_english(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    programs.add("firewall-cmd", "echo $LC_ALL")
    assert programs.client.run("firewall-cmd") == "C\n"


def test_a_command_that_never_ends(programs: Programs) -> None:
    programs.add("firewall-cmd", "exec sleep 60")
    with pytest.raises(CommandError, match="firewall-cmd --x: no end after"):
        programs.client.run("firewall-cmd", "--x", timeout=0.2)


def test_a_program_that_is_missing(programs: Programs) -> None:
    with pytest.raises(CommandError, match="the program is not there"):
        programs.client.reload()


VERSION = {"Get": ("1.3.3",)}
REFUSED = BusError("INVALID_POLICY: x", "org.fedoraproject.FirewallD1.Exception")
LOCKDOWN = BusError("ACCESS_DENIED: lockdown is enabled", "org.fedoraproject.FirewallD1.Exception")
NOBODY = BusError("nobody has that name", "org.freedesktop.DBus.Error.NameHasNoOwner")


@pytest.mark.parametrize(
    ("bus", "cmd", "expected", "calls"),
    [
        pytest.param(VERSION, "", Status(True, "1.3.3", ""), ["bus Get"], id="by the bus"),
        pytest.param(NO_BUS, "echo 0.9.3", Status(True, "0.9.3", ""), ["firewall-cmd --version"], id="without one"),
        pytest.param({"Get": NOBODY}, "echo FirewallD is not running >&2; exit 252",
                     Status(False, "", "firewall-cmd --version: FirewallD is not running"),
                     ["bus Get", "firewall-cmd --version"], id="not running"),
    ],
)  # fmt: skip
def test_status(programs: Programs, bus: Any, cmd: str, expected: Status, calls: list[str]) -> None:
    programs.bus = bus
    programs.add("firewall-cmd", cmd)
    assert programs.client.status() == expected
    found = programs.calls()
    assert len(found) == len(calls)
    assert all(call.startswith(start) for call, start in zip(found, calls, strict=True))


@pytest.mark.parametrize(("verb", "member"), [("check_config", "checkPermanentConfig"), ("reload", "reload")])
@pytest.mark.parametrize(
    ("answer", "asks", "fails"),
    [
        pytest.param((), False, None, id="by the bus"),
        pytest.param(REFUSED, False, "firewalld .*: INVALID_POLICY: x", id="refused"),
        pytest.param(BusError("disconnected", NO_REPLY), False, "disconnected", id="gone in the middle"),
        pytest.param(LOCKDOWN, True, None, id="lockdown"),
        pytest.param(BusError("no such method", "org.freedesktop.DBus.Error.UnknownMethod"), True, None, id="older"),
    ],
)
def test_what_goes_to_firewall_cmd(
    programs: Programs, verb: str, member: str, answer: Any, asks: bool, fails: str | None
) -> None:
    """Only what firewalld was not asked, or does not let us: what it refused or broke at is not tried again."""
    programs.bus = {member: answer}
    programs.add("firewall-cmd")
    if fails is None:
        getattr(programs.client, verb)()
    else:
        with pytest.raises(CommandError, match=fails):
            getattr(programs.client, verb)()
    assert ("firewall-cmd" in " ".join(programs.calls())) == asks


@pytest.mark.parametrize(
    ("bus", "add", "remove", "calls"),
    [
        pytest.param(True, ["a"], ["b"], ["removeEntry s b", "addEntry s a"], id="few by the bus"),
        pytest.param(True, ["a"] * 17, [], ["setEntries s ['a', 'c']"], id="many by the bus"),
        pytest.param(False, ["a", "c"], ["b"], ["--ipset=s --remove-entry=b", "--ipset=s --add-entry=a --add-entry=c"],
                     id="few without it"),
        pytest.param(False, ["a"] * 17, [], ["--ipset=s --add-entries-from-file="], id="many without it"),
    ],
)  # fmt: skip
def test_entries(programs: Programs, bus: bool, add: list[str], remove: list[str], calls: list[str]) -> None:
    programs.add("firewall-cmd")
    if bus:
        programs.bus = {}
    programs.client.change_entries("s", ["a", "c"], add, remove)
    found = programs.calls()
    assert len(found) == len(calls)
    for call, expected in zip(found, calls, strict=True):
        assert call.startswith("bus" if bus else "firewall-cmd")
        assert expected in call


def test_an_entry_under_another_spelling_has_the_whole_set_replaced(programs: Programs) -> None:
    programs.bus = {"removeEntry": BusError("NOT_ENABLED: 'b' not in 's'", "org.fedoraproject.FirewallD1.Exception")}
    programs.client.change_entries("s", ["a"], ["a"], ["b"])
    assert ["setEntries" in call for call in programs.calls()] == [False, True]


def test_firewalld_in_lockdown_listens_to_firewall_cmd_only(programs: Programs) -> None:
    programs.bus = {"removeEntry": LOCKDOWN}
    programs.add("firewall-cmd")
    programs.client.change_entries("s", ["a"], ["a"], ["b"])
    assert programs.calls()[-2:] == ["firewall-cmd --ipset=s --remove-entry=b", "firewall-cmd --ipset=s --add-entry=a"]


@pytest.mark.parametrize("body", [None, "echo No such file or directory >&2; exit 1"])
def test_no_table_of_firewalld(programs: Programs, body: str | None) -> None:
    if body is not None:
        programs.add("nft", body)
    assert programs.client.nft_table() is None


def test_the_table_of_firewalld(programs: Programs) -> None:
    programs.add("nft", """echo '{"nftables": [{"metainfo": {}}]}'""")
    assert programs.client.nft_table() == [{"metainfo": {}}]
    assert programs.calls() == ["nft -j list table inet firewalld"]
