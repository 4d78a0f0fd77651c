# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the backend does with the site's denials: told, left out, and the same at the second run."""

from __future__ import annotations

import re

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Decision
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import State
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import defense
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.backend import FirewalldBackend
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import NotAsked, Status
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.denials import Denial
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import PermanentFiles
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.site_denials import (
    SiteDenials,
    denial_warnings,
    read_denials,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import SetSupport
from ansible_collections.jsa.ports.plugins.module_utils._backends.told import difference_lines
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._backends.test_run import NoTrial
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_ruleset

SYSLOG = {"protocol": "udp", "ports": "514", "sources": ["0.0.0.0/0"], "why": ["syslog"]}
BAN = '<rule family="ipv4"><source address="10.77.0.99"/><port port="514" protocol="udp"/><drop/></rule>'
TEXT = 'rule family="ipv4" source address="10.77.0.99" port port="514" protocol="udp" drop'
RULES = make_ruleset([SYSLOG])


class Stopped:
    """A firewalld that does not run, so that files are all there is."""

    def status(self) -> Status:
        return Status(False, "", "not running")

    def set_support(self) -> SetSupport:
        return SetSupport(True, True)

    def check_config_offline(self) -> None:
        return None


@pytest.fixture(autouse=True)
def _can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defense, "Loadable", NoTrial)


@pytest.fixture
def files(tmp_path: Path) -> PermanentFiles:
    files = PermanentFiles(str(tmp_path / "etc"), str(tmp_path / "lib"))
    put(files, f"<zone>{BAN}</zone>")
    return files


def put(files: PermanentFiles, text: str) -> None:
    zone = Path(files.etc) / "zones/public.xml"
    zone.parent.mkdir(parents=True, exist_ok=True)
    zone.write_text(text)


def run(files: PermanentFiles, respect: bool) -> tuple[Decision, list[str], list[str]]:
    """What is decided, told, and different, of a run that then does it."""
    client: Any = Stopped()
    root = Path(files.etc).parent
    state = State(str(root / "state"), str(root / "armed"))
    backend = FirewalldBackend(client, files, state, offline=True, respect_denials=respect)
    wanted = backend.render(backend.leave_out(RULES, None))
    situation = backend.read()
    decision = backend.permit(situation, wanted, backend.decide(situation, wanted))
    told = backend.warnings(situation, wanted)
    lines = difference_lines(backend.differences(situation, wanted))
    if decision.changed:
        backend.load(situation, wanted, decision)
    return decision, told, lines


def test_told_by_name(files: PermanentFiles) -> None:
    assert run(files, False)[1] == [
        f"zone public denies udp 514 by {TEXT}, but jsa-in accepts these packets first, so the denial has no effect on "
        "them. To leave them out, set jsa_firewall_respect_denials: true."
    ]


def test_left_out(files: PermanentFiles) -> None:
    assert run(files, True)[1] == []
    found = files.read()
    policy = found["policies/jsa-in.xml"]
    match = re.search(
        r'<rule family="ipv4">\s*<source ipset="(jsa-deny-[0-9a-f]{12}-4)"/>\s*'
        r'<port port="514" protocol="udp"/>\s*<drop/>\s*</rule>',
        policy.text,
    )
    assert match
    assert "<entry>10.77.0.99/32</entry>" in found[f"ipsets/{match[1]}.xml"].text
    assert policy.content is not None and policy.content.other == ()


def test_a_second_run_changes_nothing(files: PermanentFiles) -> None:
    assert run(files, True)[0].changed
    decision, _told, lines = run(files, True)
    assert (decision.changed, lines) == (False, [])
    decision, _told, lines = run(files, False)
    assert decision.changed
    assert (
        "has in the files, policy jsa-in: drop udp 514 from denied by zone public (10.77.0.99/32)  # denied_by_site"
        in lines
    )


def test_a_ban_that_ends_is_accepted_again(files: PermanentFiles) -> None:
    run(files, True)
    put(files, "<zone/>")
    decision, told, _lines = run(files, True)
    assert [name for name in decision.actions["removed"] if name.startswith("jsa-deny-")]
    assert told == []
    assert "<drop/>" not in files.read()["policies/jsa-in.xml"].text


def test_more_sources_of_a_zone_change_entries_only(files: PermanentFiles) -> None:
    zone = Path(files.etc) / "zones/drop.xml"
    zone.write_text('<zone target="DROP"><source address="10.77.0.1"/></zone>')
    run(files, True)
    policy = files.read()["policies/jsa-in.xml"].text
    zone.write_text('<zone target="DROP"><source address="10.77.0.1"/><source address="10.77.0.7"/></zone>')
    decision, _told, _lines = run(files, True)
    assert decision.changed
    assert files.read()["policies/jsa-in.xml"].text == policy
    (entries,) = decision.actions["entries"].values()
    assert entries == {"added": ["10.77.0.7/32"], "removed": []}


def denial(setting: str = TEXT, hindrance: str = "", address: int = 5) -> Denial:
    sources = {"ipv4": [(address, address)]}
    return Denial("zone public", setting, "drop", (("udp", (514, 514)),), sources, (), hindrance)


class TestWords:
    def told(self, denials: SiteDenials, respected: bool = False) -> list[str]:
        return [text.partition("effect on them. ")[2] for text in denial_warnings(denials, RULES, respected)]

    def test_at_run_time_only(self) -> None:
        """As the bans of fail2ban. A reload takes them away, so nothing of ours may outlast them."""
        assert self.told(SiteDenials([], [denial()])) == [
            "jsa_firewall_respect_denials cannot leave them out: it is not in firewalld's files."
        ]

    def test_in_both_once(self) -> None:
        assert len(self.told(SiteDenials([denial()], [denial()]))) == 1

    def test_what_cannot_be_left_out(self) -> None:
        found = SiteDenials([denial(hindrance="it names a MAC address")], None)
        assert self.told(found) == ["jsa_firewall_respect_denials cannot leave them out: it names a MAC address."]

    def test_the_way_in(self) -> None:
        assert self.told(SiteDenials([denial()], None), True) == [
            "jsa_firewall_respect_denials cannot leave them out: the management addresses stay accepted."
        ]

    def test_hundreds_are_one_sentence(self) -> None:
        (text,) = denial_warnings(
            SiteDenials([denial(f"ban {number:03}", address=number) for number in range(200)], None), RULES, False
        )
        assert "by ban 000; ban 001; ban 002; ban 003; ban 004, and 195 more, but jsa-in" in text


def test_a_firewalld_that_does_not_tell(files: PermanentFiles) -> None:
    class Silent:
        def call(self, *arguments: Any) -> Any:
            raise NotAsked("lockdown")

    client: Any = Silent()
    found = read_denials(client, files, True)
    assert ([one.setting for one in found.permanent], found.running) == ([TEXT], None)
