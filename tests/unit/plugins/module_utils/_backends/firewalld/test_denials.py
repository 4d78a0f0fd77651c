# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom the site denies what, out of its files and out of firewalld's answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import configuration as reading
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import CommandError
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.configuration import (
    Configuration,
    permanent,
    running,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.denials import Denial, find_denials
from ansible_collections.jsa.ports.plugins.module_utils._rules.spans import networks

BAN = '<rule family="ipv4"><source address="10.77.0.99"/><port port="514" protocol="udp"/><reject/></rule>'

Read = Callable[..., Configuration]


@pytest.fixture(autouse=True)
def interfaces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found = ["eth0"]
    monkeypatch.setattr(reading, "host_interfaces", lambda: tuple(found))
    return found


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(bound: dict[str, list[str]] | None = None, **files: str) -> Configuration:
        """*files*: ``zones__public`` -> what is in that element."""
        for name, text in files.items():
            path = tmp_path / "etc" / (name.replace("__", "/") + ".xml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "lib" / "services").mkdir(parents=True, exist_ok=True)
        (tmp_path / "lib/services/syslog.xml").write_text(
            '<service><port port="514" protocol="udp"/><include service="more"/></service>'
        )
        (tmp_path / "lib/services/more.xml").write_text('<service><port port="6514" protocol="tcp"/></service>')
        found: Configuration = permanent(str(tmp_path / "etc"), str(tmp_path / "lib"), bound)
        return found

    return read


def told(site: Configuration) -> list[tuple[Any, ...]]:
    return [
        (one.object, one.setting, one.action, one.what, addresses(one), one.hindrance) for one in find_denials(site)
    ]


def addresses(denial: Denial) -> list[str]:
    return [text for family in ("ipv4", "ipv6") for text in networks(family, denial.sources.get(family, []))]


def test_a_ban_on_a_port(read: Read) -> None:
    text = 'rule family="ipv4" source address="10.77.0.99" port port="514" protocol="udp" reject'
    assert told(read(zones__public=f"<zone>{BAN}</zone>")) == [
        ("zone public", text, "reject", (("udp", (514, 514)),), ["10.77.0.99/32"], "")
    ]


def test_a_source_in_a_zone_that_drops(read: Read) -> None:
    """A zone that strangers get to is how the site treats them, and denies nobody in particular."""
    drop = '<zone target="DROP"><source address="10.77.0.99"/><source address="fd00::/64"/></zone>'
    block = '<zone target="%%REJECT%%"><source ipset="bans"/></zone>'
    site = read(
        zones__drop=drop,
        zones__block=block,
        zones__public='<zone target="DROP"/>',
        ipsets__bans='<ipset type="hash:ip"><entry>10.1.0.1</entry><entry>10.1.0.2</entry></ipset>',
    )
    assert told(site) == [
        ("zone block", "target %%REJECT%%", "reject", ((None, None),), ["10.1.0.1/32", "10.1.0.2/32"], ""),
        ("zone drop", "target DROP", "drop", ((None, None),), ["10.77.0.99/32", "fd00::/64"], ""),
    ]


@pytest.mark.parametrize(
    ("rule", "what", "sources", "hindrance"),
    [
        ('<rule family="ipv4"><source ipset="bans"/><drop/></rule>', ((None, None),), ["10.1.0.0/30"], ""),
        (
            '<rule family="ipv4"><source invert="True" address="128.0.0.0/1"/><service name="syslog"/><drop/></rule>',
            (("udp", (514, 514)), ("tcp", (6514, 6514))),
            ["0.0.0.0/1"],
            "",
        ),
        ('<rule family="ipv6"><source address="fd00::1"/><protocol value="icmpv6"/><drop/></rule>',
         (("ipv6-icmp", None),), ["fd00::1/128"], ""),
        ('<rule><port port="514" protocol="udp"/><drop/></rule>',
         (("udp", (514, 514)),), ["0.0.0.0/0", "::/0"], "it denies everyone"),
        ('<rule><source mac="00:11:22:33:44:55"/><drop/></rule>',
         ((None, None),), ["0.0.0.0/0", "::/0"], "it names a MAC address"),
        ('<rule family="ipv4"><source address="10.1.0.1"/><source-port port="1" protocol="tcp"/><drop/></rule>',
         (("tcp", None),), ["10.1.0.1/32"], "it names source ports"),
        ('<rule family="ipv4"><source address="10.1.0.1"/><destination address="10.2.0.1"/><drop/></rule>',
         ((None, None),), ["10.1.0.1/32"], "it names destination addresses"),
        ('<rule family="ipv4"><source address="10.1.0.1"/><drop><limit value="1/m"/></drop></rule>',
         ((None, None),), ["10.1.0.1/32"], "it has a limit"),
        ('<rule><source ipset="macs"/><drop/></rule>',
         ((None, None),), ["0.0.0.0/0"], "its set is of the type hash:mac"),
        ('<rule><source ipset="short"/><drop/></rule>',
         ((None, None),), ["0.0.0.0/0"], "the entries of its set time out"),
        ('<rule><icmp-block name="redirect"/></rule>',
         (("icmp", None), ("ipv6-icmp", None)), ["0.0.0.0/0", "::/0"], "it names ICMP types"),
        ('<icmp-block name="redirect"/>',
         (("icmp", None), ("ipv6-icmp", None)), ["0.0.0.0/0", "::/0"], "it names ICMP types"),
    ],
)  # fmt: skip
def test_kinds(read: Read, rule: str, what: object, sources: list[str], hindrance: str) -> None:
    site = read(
        zones__public=f"<zone>{rule}</zone>",
        ipsets__bans='<ipset type="hash:net"><entry>10.1.0.0/31</entry><entry>10.1.0.2-10.1.0.3</entry></ipset>',
        ipsets__macs='<ipset type="hash:mac"><entry>00:11:22:33:44:55</entry></ipset>',
        ipsets__short='<ipset type="hash:ip"><option name="timeout" value="60"/></ipset>',
    )
    (found,) = find_denials(site)
    assert (found.what, addresses(found), found.hindrance) == (what, sources, hindrance)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        '<rule priority="100"><drop/></rule>',
        '<rule family="ipv4" priority="100"><source address="0.0.0.0/0"/><reject/></rule>',
        '<rule family="ipv4"><source address="10.1.0.1"/><accept/></rule>',
        '<rule family="ipv4"><source address="10.1.0.1"/><log/></rule>',
        '<rule><service name="nobody-defines-it"/><reject/></rule>',
        '<rule><source ipset="missing"/><drop/></rule>',
        '<rule><forward-port port="1" protocol="tcp" to-port="2"/></rule>',
    ],
)
def test_what_denies_nobody(read: Read, rule: str) -> None:
    assert told(read(zones__public=f"<zone>{rule}</zone>")) == []


def test_entries_that_are_no_addresses_are_left_out(read: Read) -> None:
    odd = ["10.1.0.1", "10.1.0.9-10.1.0.7", "10.1.0.1-fd00::1", "host.example", "", "10.1.0.5-10.1.0.6"]
    entries = "".join(f"<entry>{text}</entry>" for text in odd)
    site = read(
        zones__public='<zone><rule><source ipset="bans"/><drop/></rule></zone>',
        ipsets__bans=f'<ipset type="hash:net">{entries}</ipset>',
    )
    (found,) = find_denials(site)
    assert addresses(found) == ["10.1.0.1/32", "10.1.0.5/32", "10.1.0.6/32"]


def test_a_zone_that_no_packet_gets_to(read: Read) -> None:
    assert told(read(zones__dmz=f"<zone>{BAN}</zone>")) == []


def test_what_the_site_accepts_first_is_exempted(read: Read) -> None:
    early = '<rule priority="-1" family="ipv4"><source address="10.77.0.99"/><accept/></rule>'
    late = '<rule priority="1" family="ipv4"><source address="10.77.0.99"/><accept/></rule>'
    (with_early,) = find_denials(read(zones__public=f"<zone>{early}{BAN}</zone>"))
    (with_late,) = find_denials(read(zones__public=f"<zone>{late}{BAN}</zone>"))
    assert [exempted.what for exempted in with_early.exempted] == [((None, None),)]
    assert with_late.exempted == ()
    zone = '<zone target="DROP"><source address="10.77.0.0/24"/><service name="syslog"/><protocol value="6"/></zone>'
    (allowing,) = find_denials(read(zones__public="<zone/>", zones__work=zone))
    assert [exempted.what for exempted in allowing.exempted] == [
        (("udp", (514, 514)), ("tcp", (6514, 6514)), ("tcp", None))
    ]


def test_policies(read: Read) -> None:
    """Those of a lower priority decide before ours, so nothing overrides them."""
    head = '<ingress-zone name="{}"/><egress-zone name="HOST"/>'
    anyone = head.format("ANY")
    found = told(
        read(
            policies__early=f'<policy priority="-200" target="DROP">{anyone}</policy>',
            policies__late=f'<policy priority="-50" target="REJECT">{anyone}{BAN}</policy>',
            policies__some=f'<policy target="DROP">{head.format("drop")}</policy>',
            policies__out='<policy target="DROP"><ingress-zone name="HOST"/><egress-zone name="ANY"/></policy>',
            zones__drop='<zone><source address="10.5.0.0/16"/></zone>',
        )
    )
    assert [one[:2] + one[4:] for one in found] == [
        (
            "policy late",
            'rule family="ipv4" source address="10.77.0.99" port port="514" protocol="udp" reject',
            ["10.77.0.99/32"],
            "",
        ),
        ("policy late", "target REJECT", ["0.0.0.0/0", "::/0"], "it denies everyone"),
        ("policy some", "target DROP", ["10.5.0.0/16"], ""),
    ]


class TestSeveralZones:
    def test_who_comes_by_another_zone_cannot_be_told_by_the_address(self, read: Read) -> None:
        files = {"zones__public": f"<zone>{BAN}</zone>", "zones__inside": '<zone><interface name="eth1"/></zone>'}
        (found,) = find_denials(read(**files))
        assert found.hindrance == "packets also come in by zone inside"

    def test_a_zone_that_accepts_all_is_no_obstacle(self, read: Read) -> None:
        """As those of container engines."""
        docker = '<zone target="ACCEPT"><interface name="docker0"/></zone>'
        (found,) = find_denials(read(zones__public=f"<zone>{BAN}</zone>", zones__docker=docker))
        assert found.hindrance == ""

    def test_a_default_zone_without_an_interface_has_no_packets(self, read: Read, interfaces: list[str]) -> None:
        zone = f'<zone><interface name="eth+"/>{BAN}</zone>'
        (found,) = find_denials(read(zones__public="<zone/>", zones__inside=zone))
        assert found.hindrance == ""
        interfaces.append("wlan0")
        (found,) = find_denials(read(zones__public="<zone/>", zones__inside=zone))
        assert found.hindrance == "packets also come in by zone public"

    def test_interfaces_that_no_file_names(self, read: Read) -> None:
        files = {"zones__public": "<zone/>", "zones__inside": f"<zone>{BAN}</zone>"}
        assert find_denials(read(**files)) == []
        (found,) = find_denials(read({"inside": ["eth0"]}, **files))
        assert (found.object, found.hindrance) == ("zone inside", "")

    def test_sources_of_other_zones_do_not_get_to_the_ban(self, read: Read) -> None:
        ban = '<rule family="ipv4"><source address="10.77.0.0/24"/><drop/></rule>'
        trusted = '<zone target="ACCEPT"><source address="10.77.0.128/25"/></zone>'
        (found,) = find_denials(read(zones__public=f"<zone>{ban}</zone>", zones__trusted=trusted))
        assert addresses(found) == ["10.77.0.0/25"]

    def test_files_in_a_folder_make_one_zone(self, read: Read, tmp_path: Path) -> None:
        folder = tmp_path / "etc/zones/public"
        folder.mkdir(parents=True)
        (folder / "bans.xml").write_text(f"<zone>{BAN}</zone>")
        (folder / "broken.xml").write_text("<zone>")
        assert [one.object for one in find_denials(read())] == ["zone public"]

    def test_another_default_zone(self, read: Read, tmp_path: Path) -> None:
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc/firewalld.conf").write_text("# DefaultZone=public\nDefaultZone=work\n")
        assert [one.object for one in find_denials(read(zones__work=f"<zone>{BAN}</zone>"))] == ["zone work"]


class TestRunning:
    """The same out of firewalld's answers."""

    BAN = 'rule family="ipv4" source ipset="bans" service name="syslog" drop'
    ZONES: ClassVar[dict[str, Any]] = {
        "public": {"rules_str": [BAN], "target": "default"},
        "drop": {"target": "DROP", "sources": ["10.77.0.99"]},
        "idle": {"target": "DROP", "sources": ["10.9.9.9"]},
    }

    def call(self, interface: str, member: str, signature: str = "", arguments: Any = ()) -> tuple[Any, ...]:
        if (interface, member) == ("", "getServiceSettings2"):
            if arguments == ["more"]:
                raise CommandError(["firewalld", member], None, "INVALID_SERVICE")
            return ({"ports": [("514", "udp")], "includes": ["more"]},)
        answers: dict[tuple[str, str], Any] = {
            ("", "getDefaultZone"): "public",
            ("zone", "getActiveZones"): {"drop": {"sources": ["10.77.0.99"]}},
            ("policy", "getPolicies"): ["jsa-in", "allow-host-ipv6", "late"],
            ("policy", "getPolicySettings"): {
                "ingress_zones": ["ANY"], "egress_zones": ["HOST"], "priority": -1, "target": "DROP"},
            ("ipset", "getIPSetSettings"): ("", "", "", "hash:net", {}, ["10.1.0.0/24"]),
        }  # fmt: skip
        if member == "getZoneSettings2":
            return (self.ZONES[arguments[0]],)
        return (answers[interface, member],)

    def test_answers(self) -> None:
        client: Any = self
        assert told(running(client)) == [
            ("zone drop", "target DROP", "drop", ((None, None),), ["10.77.0.99/32"], ""),
            ("zone public", self.BAN, "drop", (("udp", (514, 514)),), ["10.1.0.0/24"], ""),
            ("policy late", "target DROP", "drop", ((None, None),), ["0.0.0.0/0", "::/0"], "it denies everyone"),
        ]
