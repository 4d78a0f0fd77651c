# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source classes: who is in them, and labels that do not change when peers come and go."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.addresses import Addresses
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import (
    ENCRYPTED,
    UNENCRYPTED,
    SourceClass,
    SourceClasses,
    any_covers,
    host_is,
    is_host_token,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology

CON, EP, EP2, EC, DN, APP = (
    Host("con1", frozenset({"console"}), ("10.0.0.1",)),
    Host("ep1", frozenset({"event_processor"}), ("10.0.0.2",), ("10.0.0.99",), ha_peer="ep2"),
    Host("ep2", frozenset({"event_processor"}), ("10.0.0.3",), ("10.0.0.99",), ha_peer="ep1"),
    Host("ec1", frozenset({"event_collector"}), ("10.0.0.4",), encrypted=True, processor="ep1"),
    Host("dn1", frozenset({"data_node"}), ("10.0.0.5",), processor="ep1"),
    Host("app1", frozenset({"app_host"}), ("10.0.0.6",), encrypted=True, remote_tunnel_initiation=True),
)
HOSTS = {host.name: host for host in (APP, CON, DN, EC, EP, EP2)}
ALL = frozenset(HOSTS)
TOPOLOGY = Topology(HOSTS, {"log_sources": ("192.0.2.0/24",), "none": ()})
#: The same without anybody who says where it reports to.
UNATTACHED = Topology({"con1": CON, "app1": APP}, {})


@pytest.fixture
def classes() -> SourceClasses:
    return SourceClasses(TOPOLOGY)


@pytest.mark.parametrize(
    ("token", "encryption", "label", "hosts"),
    [
        ("any_host", None, "any_host", ALL),
        ("managed_host", None, "managed_host", ALL - {"con1"}),
        ("event_processor", None, "event_processor", {"ep1", "ep2"}),
        ("risk_manager", None, "risk_manager", set()),
        ("any_host", ENCRYPTED, "any_host encrypted", {"ec1", "app1"}),
        ("any_host", UNENCRYPTED, "any_host unencrypted", ALL - {"ec1", "app1"}),
        ("data_node", UNENCRYPTED, "data_node unencrypted", {"dn1"}),
    ],
)
def test_members(classes: SourceClasses, token: str, encryption: str | None, label: str, hosts: set[str]) -> None:
    found = classes.members(token, encryption)
    assert found == SourceClass(label, hosts=frozenset(hosts))
    assert bool(found) == bool(hosts)
    assert classes.known[label] is classes.members(token, encryption) is found


@pytest.mark.parametrize(
    ("attached_to", "label", "hosts"),
    [
        # Those that report to it or to its HA peer, the console, and those of whom nobody says where they report to.
        (EP, "any_host attached to ep1", ALL),
        (EC, "any_host beside ep1", {"con1", "ep1", "ep2"}),
        (DN, "any_host beside ep1", {"con1", "ep1", "ep2"}),
        (APP, "any_host not attached", ALL - {"ec1", "dn1"}),
        # Everybody works with the console.
        (CON, "any_host", ALL),
    ],
)
def test_members_that_work_with_a_host(classes: SourceClasses, attached_to: Host, label: str, hosts: set[str]) -> None:
    assert classes.members("any_host", None, attached_to) == SourceClass(label, hosts=frozenset(hosts))


def test_members_that_are_encrypted_and_work_with_a_host(classes: SourceClasses) -> None:
    found = classes.members("any_host", ENCRYPTED, APP)
    assert found == SourceClass("any_host encrypted not attached", hosts=frozenset({"app1"}))


def test_where_nobody_says_where_it_reports_to_all_work_with_all() -> None:
    assert SourceClasses(UNATTACHED).members("any_host", None, APP) == SourceClass(
        "any_host", frozenset(UNATTACHED.hosts)
    )


def test_a_host_with_an_ha_peer_is_a_partner_of_its_own(classes: SourceClasses) -> None:
    lonely = Host("ep3", frozenset({"event_processor"}), ("10.0.0.7",), ha_peer="ep4")
    assert [classes.attachment(host) for host in (EP, EP2, EC, APP, lonely)] == [
        "attached to ep1", "attached to ep2", "beside ep1", "not attached", "attached to ep3",
    ]  # fmt: skip


def test_ha_peers(classes: SourceClasses) -> None:
    assert classes.ha_peer(EP) == SourceClass("ha_peer of ep1", hosts=frozenset({"ep2"}))
    assert classes.ha_peer(CON) == SourceClass("ha_peer of con1")
    assert not classes.ha_peer(CON)
    assert classes.known["ha_peer of ep1"] == classes.ha_peer(EP)


def test_networks(classes: SourceClasses) -> None:
    assert classes.network("log_sources") == SourceClass("log_sources", cidrs=("192.0.2.0/24",))
    assert classes.network("log_sources") is classes.known["log_sources"]
    assert bool(classes.network("log_sources")) and not classes.network("none")
    assert classes.literal("192.0.2.1") == SourceClass("192.0.2.1", cidrs=("192.0.2.1/32",))
    with pytest.raises(KeyError):
        classes.network("smtp_gateways")


def test_those_that_open_tunnels_themselves(classes: SourceClasses) -> None:
    everybody, processors = classes.members("any_host"), classes.members("event_processor")
    assert classes.without_remote_initiation(processors) is processors
    assert classes.without_remote_initiation(everybody) == SourceClass(
        "any_host that initiate tunnels", hosts=ALL - {"app1"}
    )


@pytest.mark.parametrize(
    ("host", "token", "covered"),
    [
        (CON, "any_host", True),
        (CON, "managed_host", False),
        (EP, "managed_host", True),
        (EP, "event_processor", True),
        (EP, "console", False),
    ],
)
def test_what_a_token_covers(host: Host, token: str, covered: bool) -> None:
    assert host_is(host, token) is covered
    assert any_covers(host, ("risk_manager", token)) is covered


def test_tokens_of_hosts() -> None:
    assert [is_host_token(token) for token in ("console", "any_host", "log_sources", "10.0.0.1")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert any_covers(CON, ()) is False


class TestAddresses:
    """Nobody is its own peer, but for a network outside that it stands in."""

    def cidrs(self, listener: Host, *sources: SourceClass) -> list[str]:
        return list(Addresses(TOPOLOGY).cidrs(list(sources), listener))

    def test_addresses_of_hosts_and_of_their_clusters_are_joined(self) -> None:
        both = SourceClass("p", hosts=frozenset({"ep1", "ep2"}))
        assert self.cidrs(CON, both) == ["10.0.0.2/31", "10.0.0.99/32"]

    @pytest.mark.parametrize(
        ("listener", "cidrs"),
        [
            # Its cluster's address may be the other node's.
            (EP, ["10.0.0.1/32", "10.0.0.3/32", "10.0.0.4/30", "10.0.0.99/32"]),
            (CON, ["10.0.0.2/31", "10.0.0.4/30", "10.0.0.99/32"]),
            (APP, ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.7/32", "10.0.0.99/32"]),
        ],
    )
    def test_without_the_listener_s_own(self, listener: Host, cidrs: list[str]) -> None:
        more = SourceClass("m", hosts=ALL)
        hosts = {**HOSTS, "x": Host("x", frozenset(), ("10.0.0.7",))}
        everybody = SourceClass("m", hosts=frozenset(hosts))
        assert list(Addresses(Topology(hosts, {})).cidrs([everybody], listener)) == cidrs
        assert more.hosts < everybody.hosts

    def test_several_addresses_of_one_listener(self) -> None:
        """Taken out of several networks, whichever comes first, and of one network twice."""
        many = Host("many", frozenset(), ("10.0.0.0", "10.0.0.3", "10.0.1.1", "fd00::1"))
        rest = [Host(f"h{n}", frozenset(), (text,)) for n, text in enumerate(
            ["10.0.0.1", "10.0.0.2", "10.0.1.0", "fd00::", "10.0.2.0"])]  # fmt: skip
        hosts = {host.name: host for host in (many, *rest)}
        everybody = SourceClass("all", hosts=frozenset(hosts))
        assert list(Addresses(Topology(hosts, {})).cidrs([everybody], many)) == [
            "10.0.0.1/32", "10.0.0.2/32", "10.0.1.0/32", "10.0.2.0/32", "fd00::/128",
        ]  # fmt: skip

    def test_an_address_that_is_in_none_of_the_networks(self) -> None:
        """A listener of the class with an address before all others, which the classes do not name."""
        stranger = Host("con1", frozenset(), ("10.0.0.0", "10.0.0.1", "10.0.9.9"))
        assert self.cidrs(stranger, SourceClass("all", hosts=frozenset({"con1", "dn1"}))) == ["10.0.0.5/32"]

    def test_a_class_that_the_listener_is_not_in_stays_whole(self) -> None:
        assert self.cidrs(EC, SourceClass("p", hosts=frozenset({"dn1"}))) == ["10.0.0.5/32"]

    def test_a_network_outside_that_the_listener_stands_in(self) -> None:
        outside = SourceClass("net", cidrs=("10.0.0.0/30",))
        everybody = SourceClass("all", hosts=ALL)
        assert self.cidrs(EP, outside, everybody) == ["10.0.0.0/30", "10.0.0.4/31", "10.0.0.6/32", "10.0.0.99/32"]
        assert self.cidrs(DN, outside, everybody) == ["10.0.0.0/30", "10.0.0.4/32", "10.0.0.6/32", "10.0.0.99/32"]

    def test_classes_are_joined_once_for_all_listeners(self) -> None:
        addresses, source = Addresses(TOPOLOGY), [SourceClass("p", hosts=frozenset({"dn1"}))]
        assert addresses.cidrs(source, CON) is addresses.cidrs(source, APP)
