# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which file is to blame, what is remembered, and what is said."""

from __future__ import annotations

import os
import socket

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import loadable
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.loadable import (
    Loadable,
    readable,
    shape,
    suspects,
    unresolved,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.trial import Outcome, lay_out
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs

NFT = (
    "COMMAND_FAILED: 'python-nftables' failed: internal:0:0-0: Error: conflicting intervals specified\n"
    "internal:0:0-0: Error: conflicting intervals specified\n\nJSON blob:\n"
    '{"nftables": [{"add": {"set": {"family": "inet", "table": "firewalld", "name": "geo"}}}]}'
)
DIRECT = (
    "COMMAND_FAILED: Direct: '/usr/sbin/iptables-restore -w -n' failed: iptables-restore v1.8.9 (nf_tables): unknown "
    'option "--nosuch"\nError occurred at line: 2\nTry `iptables-restore -h\' for more information.'
)
PASSED_OVER = "Failed to load zone file '/etc/firewalld/zones/zz.xml': INVALID_IPSET: nope"


class Host:
    """A firewalld that cannot load the files in *broken*, nor what needs a file that is not there."""

    def __init__(self, folder: Path) -> None:
        self.etc = folder / "etc"
        self.lib = folder / "lib"
        self.memory = folder / "memory"
        self.memory.mkdir()
        self.programs = Programs(lambda name: None)
        self.trials = 0
        self.broken: dict[str, str] = {}
        self.needs: dict[str, str] = {}
        self.untried = ""
        for path in ("etc/zones/public.xml", "etc/ipsets/geo.xml", "lib/services/ssh.xml"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(f"<{path}/>")

    def trial(self, programs: Programs, etc: str, mine: Iterable[str], texts: dict[str, str], without: Any = ()) -> Any:
        self.trials += 1
        folder = self.memory.with_name(f"trial{self.trials}")
        lay_out(str(folder), etc, mine, texts, without)
        words = [why for path, why in self.broken.items() if (folder / path).exists()]
        words += [
            f"INVALID_IPSET: {Path(needed).stem}"
            for path, needed in self.needs.items()
            if (folder / path).exists() and not (folder / needed).exists()
        ]
        outcome = Outcome(None, [self.untried]) if self.untried else Outcome(not words, words[:1])

        class Finished:
            def outcome(self) -> Outcome:
                return outcome

        return Finished()

    def verdict(self, texts: dict[str, str] | None = None, mine: Iterable[str] = ()) -> loadable.Verdict:
        one = Loadable(self.programs, str(self.etc), str(self.lib), str(self.memory), self.trial)
        one.begin(mine, texts or {})
        return one.verdict()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_what_could_be_loaded_is_not_tried_again(host: Host) -> None:
    before = os.umask(0)
    try:
        assert host.verdict() == ([], "")
    finally:
        os.umask(before)
    assert host.verdict() == ([], "")
    assert host.trials == 1
    (memory,) = host.memory.iterdir()
    assert memory.stat().st_mode & 0o777 == 0o600, "whatever the umask is"


@pytest.mark.parametrize("path", ["etc/zones/public.xml", "etc/direct.xml", "etc/firewalld.conf", "lib/zones/new.xml"])
def test_another_file_is_another_trial(host: Host, path: str) -> None:
    host.verdict()
    file = host.etc.parent / path
    file.parent.mkdir(exist_ok=True)
    file.write_text("<another/>")
    host.verdict()
    assert host.trials == 2


def test_what_failed_is_tried_again(host: Host) -> None:
    host.broken = {"ipsets/geo.xml": NFT}
    host.verdict()
    before = host.trials
    assert host.verdict().problems
    assert host.trials > before


def test_what_is_forgotten_is_tried_again(host: Host) -> None:
    host.verdict()
    Loadable(Programs(), str(host.etc), str(host.lib), str(host.memory), host.trial).forget()
    host.verdict()
    assert host.trials == 2


RULE = '<rule family="ipv4">\n<source ipset="jsa-a-4"/>\n<port port="%s" protocol="tcp"/>\n<accept/></rule>'


@pytest.mark.parametrize(
    ("texts", "again"),
    [
        ({"policies/jsa-in.xml": RULE % "9000-9010", "ipsets/jsa-a-4.xml": "<entry>10.0.0.1</entry>"}, False),
        (
            {
                "policies/jsa-in.xml": RULE % 8443,
                "ipsets/jsa-a-4.xml": "<entry>10.0.0.0/8</entry>\n<entry>9.9.9.9</entry>",
            },
            False,
        ),
        (
            {
                "policies/jsa-in.xml": RULE % 8443 + "\n<rule><drop/></rule>",
                "ipsets/jsa-a-4.xml": "<entry>1.1.1.1</entry>",
            },
            True,
        ),
        ({"policies/jsa-in.xml": RULE % 8443, "ipsets/jsa-a-4.xml": '<option name="family" value="inet6"/>'}, True),
        ({}, True),
    ],
)
def test_only_new_kinds_of_our_rules_are_tried(host: Host, texts: dict[str, str], again: bool) -> None:
    first = {"policies/jsa-in.xml": RULE % 8443, "ipsets/jsa-a-4.xml": "<entry>10.0.0.1</entry>"}
    host.verdict(first)
    # Our own files on the disk are no part of the question.
    (host.etc / "policies").mkdir()
    (host.etc / "policies/jsa-in.xml").write_text(first["policies/jsa-in.xml"])
    host.verdict(texts, ["policies/jsa-in.xml"])
    assert host.trials == 1 + again


def test_the_file_and_the_reason(host: Host) -> None:
    host.broken = {"ipsets/geo.xml": NFT}
    assert host.verdict() == ([f"{host.etc}/ipsets/geo.xml: conflicting intervals specified"], "")


def test_a_zone_that_needs_the_broken_set_is_not_blamed(host: Host) -> None:
    host.broken = {"ipsets/geo.xml": NFT}
    host.needs = {"zones/public.xml": "ipsets/geo.xml"}
    assert host.verdict().problems == [f"{host.etc}/ipsets/geo.xml: conflicting intervals specified"]


def test_a_file_that_the_message_does_not_name(host: Host) -> None:
    host.broken = {"zones/public.xml": "INVALID_IPSET: nope"}
    assert host.verdict().problems == [f"{host.etc}/zones/public.xml: INVALID_IPSET: nope"]


def test_two_broken_files_are_both_named(host: Host) -> None:
    (host.etc / "direct.xml").write_text("<direct/>")
    host.broken = {"ipsets/geo.xml": NFT, "direct.xml": DIRECT}
    assert [problem.partition(": ")[0] for problem in host.verdict().problems] == [
        f"{host.etc}/ipsets/geo.xml",
        f"{host.etc}/direct.xml",
    ]


def test_a_file_of_ours_is_blamed_as_well(host: Host) -> None:
    host.broken = {"policies/jsa-in.xml": "COMMAND_FAILED: something about filter_IN_policy_jsa-in_allow"}
    (problem,) = host.verdict({"policies/jsa-in.xml": "new"}).problems
    assert problem.startswith(f"{host.etc}/policies/jsa-in.xml: something about")


def test_a_trial_that_fails_without_any_file(host: Host) -> None:
    host.broken = {"": "No IPv4 and IPv6 firewall."}
    assert host.verdict().problems == [f"{host.etc}: No IPv4 and IPv6 firewall."]


def test_a_trial_that_is_not_possible_is_no_problem_of_the_files(host: Host) -> None:
    host.untried = "Operation not permitted"
    assert host.verdict() == ([], "Operation not permitted")
    host.untried = ""
    host.verdict()
    assert host.trials == 2


def test_names_of_hosts_cannot_be_looked_up_in_a_trial(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(name: str, _port: None) -> list[Any]:
        if name != "known.example":
            raise socket.gaierror("unknown")
        return []

    monkeypatch.setattr(loadable.socket, "getaddrinfo", resolve)
    failed = "Direct: iptables-restore: host/network `%s' not found"
    assert unresolved([failed % "known.example", failed % "no.example"]) == ["known.example"]
    (host.etc / "direct.xml").write_text("<direct/>")
    host.broken = {"direct.xml": failed % "known.example"}
    assert "known.example" in host.verdict().untried
    host.broken = {"direct.xml": failed % "no.example"}
    assert host.verdict().problems


def test_a_trial_has_no_sets_of_others(host: Host) -> None:
    """fail2ban makes its own with the program ipset, and a direct rule names them."""
    failed = "COMMAND_FAILED: Direct: iptables-restore v1.8.9 (nf_tables): Set %s doesn't exist."
    (host.etc / "direct.xml").write_text("<direct/>")
    host.broken = {"direct.xml": failed % "f2b-sshd"}
    assert host.verdict().problems
    ipset = host.memory / "ipset"
    ipset.write_text("#!/bin/sh\necho other\necho f2b-sshd\n")
    ipset.chmod(0o755)
    host.programs = Programs(lambda name: str(ipset) if name == "ipset" else None)
    assert host.verdict() == ([], "direct rules name sets that are not firewalld's: f2b-sshd")
    host.broken = {"direct.xml": failed % "f2b-gone"}
    assert host.verdict().problems


@pytest.mark.parametrize(("devices", "problems"), [("off", 0), ("lo", 0), ("lo nosuch0", 1)])
def test_devices_of_a_flow_table(host: Host, devices: str, problems: int) -> None:
    (host.etc / "firewalld.conf").write_text(f"DefaultZone=public\nNftablesFlowtable={devices}\n")
    found = host.verdict().problems
    assert len(found) == problems
    assert all("firewalld.conf: NftablesFlowtable names nosuch0, not there" in one for one in found)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([NFT], "conflicting intervals specified"),
        ([DIRECT], 'Direct: iptables-restore v1.8.9 (nf_tables): unknown option "--nosuch"'),
        ([PASSED_OVER], "INVALID_IPSET: nope"),
        ([], ""),
    ],
)
def test_reasons_are_for_people(words: list[str], expected: str) -> None:
    assert readable(words) == expected


def test_a_reason_is_short() -> None:
    assert len(readable(["x" * 126040])) < 400


def test_who_is_asked_first() -> None:
    paths = ["firewalld.conf", "direct.xml", "zones/a.xml", "ipsets/geo.xml", "ipsets/geo2.xml"]
    assert suspects(paths, [NFT])[0] == "ipsets/geo.xml"
    assert suspects(paths, [DIRECT])[0] == "direct.xml"
    assert suspects(paths, [NFT])[-1] == "firewalld.conf"


def test_shape_keeps_words_and_no_values() -> None:
    assert shape("<entry>10.0.0.1</entry>\n<entry>fd00::/8</entry>\n") == shape("<entry>192.168.0.0/16</entry>")
    assert shape('<reject type="a"/>') != shape('<reject type="b"/>')
