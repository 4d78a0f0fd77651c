# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the site's own zones and policies open of the ports that should be closed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import CommandError
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.openings import site_openings
from ansible_collections.jsa.ports.plugins.module_utils._rules.rows import Refused

INTERNAL = [Refused("tcp", (5432, 5432), ("postgres",)), Refused("udp", (500, 510), ("ike", "x"))]


class FakeClient:
    """A firewalld that answers with what it is given."""

    def __init__(
        self,
        zones: dict[str, dict[str, Any]] | None = None,
        policies: dict[str, dict[str, Any]] | None = None,
        services: dict[str, dict[str, Any]] | None = None,
        active: tuple[str, ...] = (),
    ) -> None:
        self.zones = {"public": {}, **(zones or {})}
        self.policies = policies or {}
        self.services = services or {}
        self.active = active
        self.asked: list[str] = []

    def call(self, interface: str, member: str, signature: str = "", arguments: Any = ()) -> tuple[Any, ...]:
        names = {
            ("", "getDefaultZone"): "public",
            ("zone", "getActiveZones"): {name: {"interfaces": ["eth0"]} for name in self.active},
            ("zone", "getZones"): list(self.zones),
            ("policy", "getPolicies"): list(self.policies),
        }
        if not arguments:
            return (names[interface, member],)
        (name,) = arguments
        self.asked.append(name)
        known = {
            ("zone", "getZoneSettings2"): self.zones,
            ("policy", "getPolicySettings"): self.policies,
            ("", "getServiceSettings2"): self.services,
        }[interface, member]
        assert signature == "s"
        if name not in known:
            raise CommandError(["firewalld", member], None, "INVALID_SERVICE")
        return (known[name],)


def openings(client: Any, internal: list[Refused] | None = None) -> list[tuple[Any, ...]]:
    return [
        (one["object"], one["setting"], one["protocol"], one["ports"], one["why"], one["effective"])
        for one in site_openings(client, INTERNAL if internal is None else internal)
    ]


def opened(settings: dict[str, Any], services: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Setting, protocol and ports, of what the default zone opens."""
    return [one[1:4] for one in openings(FakeClient({"public": settings}, services=services))]


PORT = {"ports": [("5432", "tcp")]}


def test_a_site_that_opens_nothing() -> None:
    assert openings(FakeClient(policies={"p": {}, "q": {"egress_zones": ["HOST"]}}, active=("public",))) == []


def test_zones_count_where_packets_get_to_them() -> None:
    """The default zone, and those with an interface or a source."""
    client = FakeClient({"public": PORT, "work": PORT, "idle": PORT}, active=("work",))
    assert [one[0] for one in openings(client)] == ["zone public", "zone work"]
    assert openings(client)[0] == ("zone public", "port 5432/tcp", "tcp", "5432", ["postgres"], False)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, []),
        ({"egress_zones": []}, []),
        ({"egress_zones": ["ANY"]}, []),
        ({"egress_zones": ["HOST"]}, [("policy site", False)]),
        ({"egress_zones": ["HOST"], "priority": -99}, [("policy site", False)]),
        ({"egress_zones": ["HOST"], "priority": -100}, [("policy site", True)]),
        ({"egress_zones": ["HOST"], "priority": -101}, [("policy site", True)]),
    ],
)
def test_policies_count_where_packets_go_to_the_host(more: dict[str, Any], found: list[tuple[str, bool]]) -> None:
    assert [(one[0], one[5]) for one in openings(FakeClient(policies={"site": {**PORT, **more}}))] == found


def test_a_zone_never_decides_before_ours() -> None:
    (found,) = openings(FakeClient({"public": {**PORT, "priority": -200}}))
    assert found[5] is False


def test_our_own_policies_are_none_of_the_site() -> None:
    assert openings(FakeClient(policies={"jsa-in": {**PORT, "egress_zones": ["HOST"]}})) == []


@pytest.mark.parametrize(
    ("ports", "found"),
    [
        (("500", "udp"), "500"),
        (("510", "udp"), "510"),
        (("400-500", "udp"), "500"),
        (("510-600", "udp"), "510"),
        (("505-506", "udp"), "505-506"),
        (("1-65535", "udp"), "500-510"),
        (("499", "udp"), None),
        (("511", "udp"), None),
        (("500-510", "tcp"), None),
        (("500", "sctp"), None),
        (("", "udp"), None),
    ],
)
def test_ports(ports: tuple[str, str], found: str | None) -> None:
    setting = "port %s/%s" % ports
    assert opened({"ports": [ports]}) == ([(setting, "udp", found)] if found else [])


def test_a_target_opens_all() -> None:
    expected = [("target ACCEPT", "tcp", "5432"), ("target ACCEPT", "udp", "500-510")]
    assert opened({"target": "ACCEPT"}) == expected
    assert opened({"target": "DROP"}) == []
    first_and_last = [Refused("tcp", (1, 1), ()), Refused("udp", (65535, 65535), ())]
    found = openings(FakeClient({"public": {"target": "ACCEPT"}}), first_and_last)
    assert [one[2:4] for one in found] == [("tcp", "1"), ("udp", "65535")]


@pytest.mark.parametrize(
    ("services", "found"),
    [
        ({"db": {"ports": [("5432", "tcp"), ("", "esp")]}}, [("service db", "tcp", "5432")]),
        ({"db": {}}, []),
        ({}, []),
        (
            {"db": {"ports": [("505", "udp")], "includes": ["more"]}, "more": {"ports": [("5432", "tcp")]}},
            [("service db", "udp", "505"), ("service db", "tcp", "5432")],
        ),
        ({"db": {"includes": ["gone"]}}, []),
    ],
)
def test_services(services: dict[str, Any], found: list[tuple[str, str, str]]) -> None:
    assert opened({"services": ["db"]}, services) == found


def test_a_service_is_asked_for_once() -> None:
    client = FakeClient({"public": {"services": ["db"]}, "work": {"services": ["db"]}}, active=("work",),
                        services={"db": PORT})  # fmt: skip
    assert [one[0] for one in openings(client)] == ["zone public", "zone work"]
    assert client.asked.count("db") == 1


@pytest.mark.parametrize(("length", "found"), [(5, True), (6, False)])
def test_services_that_include_services(length: int, found: bool) -> None:
    """Five deep: no list of the site goes on for ever."""
    services: dict[str, Any] = {f"s{number}": {"includes": [f"s{number + 1}"]} for number in range(length)}
    services[f"s{length}"] = PORT
    assert bool(opened({"services": ["s0"]}, services)) == found


@pytest.mark.parametrize("key", ["rules_str", "rich_rules"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('rule family="ipv4" port port="5432" protocol="tcp" accept', [("tcp", "5432")]),
        ('rule port port="505-600" protocol="udp" log accept', [("udp", "505-510")]),
        ('rule port port="5432" protocol="tcp" drop', []),
        ('rule service name="db" accept', [("tcp", "5432")]),
        ('rule service name="unknown" accept', []),
        ('rule source address="10.0.0.0/8" accept', [("tcp", "5432"), ("udp", "500-510")]),
        ('rule source-port port="5432" protocol="tcp" accept', []),
        ('rule forward-port port="5432" protocol="tcp" to-port="1" accept', []),
        ('rule protocol value="esp" accept', []),
        ('rule icmp-type name="echo-request" accept', []),
    ],
)
def test_rich_rules(key: str, text: str, found: list[tuple[str, str]]) -> None:
    assert opened({key: [text]}, {"db": PORT}) == [(text, *one) for one in found]
