# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked and called, and what becomes of what fails. Programs and bus are made for the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError, Status
from ansible_collections.jsa.ports.plugins.module_utils._host.dbus import NO_REPLY, NO_SERVER, BusError

NO_BUS = BusError("there is none")
PROPERTIES = {"version": ("1.3.3",), "IPSet": (True,)}


class Programs:
    """Shell scripts, and a bus, that write down how they were called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "log"
        self.log.touch()
        #: Member or property -> its answer, or the error that it is answered with; everything else is answered with
        #: nothing.
        self.bus: dict[str, Any] | BusError = NO_BUS
        self.etc = root / "etc"
        self.lib = root / "lib"
        self.client = Client(self.find, self, str(self.etc), str(self.lib))

    def call(
        self, name: str, path: str, interface: str, member: str, signature: str, arguments: list[Any], timeout: float
    ) -> tuple[Any, ...]:
        assert name == ("org.freedesktop.DBus" if member == "NameHasOwner" else "org.fedoraproject.FirewallD1")
        if isinstance(self.bus, BusError):
            raise self.bus
        with self.log.open("a") as log:
            print("bus", member, *arguments, file=log)
        answer = self.bus.get(member, {**PROPERTIES, **self.bus}[arguments[-1]] if member == "Get" else ())
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
    refuse = f"test $1 = --version -o ! -e {busy} || {{ rm {busy}; echo Did not receive a reply. >&2; exit 1; }}"
    programs.add("firewall-cmd", refuse)
    programs.client.reload()
    assert programs.calls()[-2:] == ["firewall-cmd --reload", "firewall-cmd --version"]


IPTABLES = "FirewallBackend=iptables\n"
SET = '<ipset type="hash:net"/>'
USER = '<rule><source ipset="a"/></rule>'
DIRECT = '<direct><rule ipv="ipv4">-j DROP</rule></direct>'
MATCHES = '<direct><rule ipv="ipv4">-m set --match-set a src -j DROP</rule></direct>'


@pytest.mark.parametrize("verb", ["reload", "check_config", "check_config_offline"])
@pytest.mark.parametrize(
    ("version", "files", "knows", "found"),
    [
        ("0.9.3", {"etc/policies/a.xml": USER}, None, ["policies/a.xml"]),
        ("0.9.3", {"etc/policies/a.xml": USER}, False, ["policies/a.xml"]),
        ("0.9.3", {"etc/policies/a.xml": USER}, True, []),
        ("0.9.3", {"etc/policies/a.xml": "<description>ipset</description>"}, None, []),
        ("0.9.3", {"etc/ipsets/a.xml": SET}, None, []),
        ("0.9.3", {"lib/zones/a.xml": USER}, None, ["zones/a.xml"]),
        ("0.9.3", {"lib/zones/a.xml": USER, "etc/zones/a.xml": "<zone/>"}, None, []),
        ("0.9.3", {"etc/direct.xml": MATCHES}, None, ["direct.xml"]),
        ("0.9.3", {"etc/direct.xml": DIRECT, "etc/ipsets/a.xml": SET}, None, []),
        ("1.3.3", {"etc/firewalld.conf": IPTABLES, "etc/policies/a.xml": USER, "etc/ipsets/a.xml": SET}, None,
         ["ipsets/a.xml", "policies/a.xml"]),
        ("1.3.3", {"etc/firewalld.conf": IPTABLES, "etc/ipsets/a.xml": SET}, None, ["ipsets/a.xml"]),
        ("1.3.3", {"etc/firewalld.conf": "#" + IPTABLES, "etc/zones/a.xml": USER, "etc/ipsets/a.xml": SET}, None, []),
        ("1.3.3", {"etc/direct.xml": DIRECT, "etc/ipsets/a.xml": SET}, None, []),
        ("1.3.3", {"etc/direct.xml": MATCHES}, None, ["direct.xml"]),
        ("2.3.1", {"etc/policies/a.xml": USER, "etc/ipsets/a.xml": SET}, None, []),
        ("2.3.1", {"etc/direct.xml": DIRECT, "etc/ipsets/a.xml": SET}, None, ["ipsets/a.xml", "direct.xml"]),
        ("2.3.1", {"etc/direct.xml": DIRECT, "etc/ipsets/a.xml": SET}, True, []),
        ("2.3.1", {"etc/direct.xml": "<direct/>", "etc/ipsets/a.xml": SET}, None, []),
    ],
)  # fmt: skip
def test_nothing_is_loaded_that_would_empty_the_ruleset(
    programs: Programs, verb: str, version: str, files: dict[str, str], knows: bool | None, found: list[str]
) -> None:
    """*knows*: whether firewalld runs the program ipset; None where that is not on the host."""
    for path, text in files.items():
        (programs.root / path).parent.mkdir(parents=True, exist_ok=True)
        (programs.root / path).write_text(text)
    for program in ("firewall-cmd", "firewall-offline-cmd", *(["ipset"] if knows is not None else [])):
        programs.add(program)
    programs.bus = {"version": (version,), "IPSet": (knows,)}
    if found:
        remedy = "Install the package ipset" if knows is None else "Restart firewalld"
        with pytest.raises(CommandError, match=rf"errors in {', '.join(found)}, .*\. {remedy}"):
            getattr(programs.client, verb)()
    else:
        getattr(programs.client, verb)()
    calls = " ".join(programs.calls())
    assert bool(found) != any(call in calls for call in ("bus reload", "bus checkPermanentConfig", "--check-config"))


@pytest.mark.parametrize(
    ("version", "conf", "programs_there", "knows", "support"),
    [
        ("0.9.3", "", ["ipset"], True, (True, False)),
        ("0.9.3", "", ["iptables"], True, (False, False)),
        # Installed since it was started: it does not look again.
        ("0.9.3", "", ["ipset"], False, (False, False)),
        ("1.3.3", "", ["iptables"], False, (True, True)),
        ("1.3.3", IPTABLES, ["iptables"], False, (False, False)),
        ("1.3.3", IPTABLES, ["iptables", "ipset"], True, (True, True)),
        ("2.3.1", "", ["iptables", "ipset"], True, (True, True)),
        # It says so without having looked. Any set of ours, and nobody could add a direct rule.
        ("2.3.1", "", ["iptables"], True, (False, False)),
        ("2.3.1", "", [], True, (True, True)),
    ],
)
def test_where_sets_are_possible(
    programs: Programs, version: str, conf: str, programs_there: list[str], knows: bool, support: tuple[bool, bool]
) -> None:
    programs.etc.mkdir()
    (programs.etc / "firewalld.conf").write_text(conf)
    for program in programs_there:
        programs.add(program)
    programs.bus = {"version": (version,), "IPSet": (knows,)}
    assert programs.client.set_support() == support


@pytest.mark.parametrize(
    ("version", "support"), [("0.9.3", (False, False)), ("1.3.3", (True, True)), ("2.3.1", (True, True))]
)
def test_where_sets_are_possible_when_firewalld_is_too_busy_to_answer(
    programs: Programs, version: str, support: tuple[bool, bool]
) -> None:
    """Only an old one knows something that nobody else does."""
    programs.etc.mkdir()
    for program in ("ipset", "iptables"):
        programs.add(program)
    programs.bus = {"version": (version,), "IPSet": BusError("no reply", "org.freedesktop.DBus.Error.NoReply")}
    assert programs.client.set_support() == support


def test_where_sets_are_possible_when_firewalld_starts(programs: Programs) -> None:
    programs.bus = NO_BUS
    programs.add("firewall-cmd", "echo not running >&2; exit 252")
    programs.add("firewall-offline-cmd", "echo 0.9.3")
    assert programs.client.set_support() == (False, False)
    programs.add("ipset")
    assert programs.client.set_support() == (True, False)
    (programs.root / "firewall-offline-cmd").unlink()
    assert programs.client.set_support() == (True, False), "what every version takes"


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
NO_SERVER_THERE = BusError("[Errno 2] No such file or directory", NO_SERVER)
NOBODY = BusError("nobody has that name", "org.freedesktop.DBus.Error.NameHasNoOwner")
SILENT = BusError("no answer after 10 s", NO_REPLY)


@pytest.mark.parametrize(
    ("bus", "cmd", "expected", "calls"),
    [
        pytest.param(VERSION, "", Status(True, "1.3.3", ""), ["bus Get"], id="by the bus"),
        pytest.param(NO_BUS, "echo 0.9.3", Status(True, "0.9.3", ""), ["firewall-cmd --version"], id="without one"),
        pytest.param(NO_SERVER_THERE, "echo must not be asked",
                     Status(False, "", "the system's message bus is not running"), [], id="no bus for anybody"),
        pytest.param({"Get": NOBODY}, "echo must not be asked",
                     Status(False, "", "it is not on the system's message bus"), ["bus Get"], id="not running"),
        pytest.param({"Get": SILENT, "NameHasOwner": (True,)}, "",
                     Status(False, "", "firewalld Get: no answer after 10 s", True),
                     ["bus Get", "bus NameHasOwner"], id="stopped in its tracks"),
        pytest.param({"Get": SILENT, "NameHasOwner": SILENT}, "",
                     Status(False, "", "firewalld Get: no answer after 10 s", True),
                     ["bus Get", "bus NameHasOwner"], id="nor does the bus answer"),
        pytest.param({"Get": SILENT, "NameHasOwner": (False,)}, "echo FirewallD is not running >&2; exit 252",
                     Status(False, "", "firewall-cmd --version: FirewallD is not running"),
                     ["bus Get", "bus NameHasOwner", "firewall-cmd --version"], id="it ended meanwhile"),
        pytest.param({"Get": SILENT, "NameHasOwner": NOBODY}, "echo 2.3.1", Status(True, "2.3.1", ""),
                     ["bus Get", "bus NameHasOwner", "firewall-cmd --version"], id="started anew meanwhile"),
    ],
)  # fmt: skip
def test_status(programs: Programs, bus: Any, cmd: str, expected: Status, calls: list[str]) -> None:
    programs.bus = bus
    programs.add("firewall-cmd", cmd)
    assert programs.client.status() == expected
    found = programs.calls()
    assert len(found) == len(calls)
    assert all(call.startswith(start) for call, start in zip(found, calls, strict=True))


def test_a_firewall_cmd_that_does_not_end_says_nothing_about_firewalld(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_end(name: str, *_arguments: str) -> str:
        raise CommandError([name], None, "no end after 30 s")

    monkeypatch.setattr(programs.client, "run", no_end)
    assert not programs.client.status().silent, "there is no such program"
    programs.add("firewall-cmd")
    other = Client(programs.find, programs)
    monkeypatch.setattr(other, "run", no_end)
    assert other.status() == Status(False, "", "firewall-cmd: no end after 30 s", True)


@pytest.mark.parametrize("answer", ["", "[]", "{}", "nothing", '{"nftables": null}', "[" * 100_000])
def test_an_answer_of_nft_that_cannot_be_read(programs: Programs, answer: str) -> None:
    (programs.root / "answer").write_text(answer)
    programs.add("nft", f"cat {programs.root}/answer")
    with pytest.raises(CommandError, match="nft: its answer cannot be read"):
        programs.client.nft_table()


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
    assert (
        any(call.startswith(("firewall-cmd --reload", "firewall-cmd --check-config")) for call in programs.calls())
        == asks
    )


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
