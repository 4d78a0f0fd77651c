# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the console tells to hosts, groups, and variables. What is odd is a warning with the remedy."""

from __future__ import annotations

import ipaddress

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.console_transport import UrlTransport
from ansible_collections.jsa.ports.plugins.plugin_utils._console.access import Access
from ansible_collections.jsa.ports.plugins.plugin_utils._console.client import Client
from ansible_collections.jsa.ports.plugins.plugin_utils._console.inventory import (
    Inventory,
    Settings,
    make_inventory,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._console.networks import proposed_networks
from ansible_collections.jsa.ports.plugins.plugin_utils._console.reading import (
    HOSTS,
    LOG_SOURCES,
    TUNNELS,
    read_console,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._console.records import Learned, Records
from ansible_collections.jsa.ports.plugins.plugin_utils._console.roles import RoleTable
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write
from ansible_collections.jsa.ports.tests.console.deployment import large
from ansible_collections.jsa.ports.tests.console.server import StandIn

SETTINGS = Settings(RoleTable({}, {}))


def records_of(standin: StandIn, learn: bool = False, settings: Settings = SETTINGS) -> Records:
    access = Access.of(standin.url, standin.token, None, 500)
    client = Client(access, UrlTransport(60, True, str(standin.ca_path)))
    return read_console(client, learn, settings.has_tunnels)


def inventory_of(standin: StandIn, settings: Settings = SETTINGS, learn: bool = False) -> Inventory:
    return make_inventory(records_of(standin, learn, settings), settings)


def variables(found: Inventory) -> dict[str, dict[str, Any]]:
    """Without the facts."""
    return {
        host.name: {name: value for name, value in host.variables.items() if name != "jsa_console_facts"}
        for host in found.hosts
    }


def groups(found: Inventory) -> dict[str, tuple[str, ...]]:
    return {host.name: host.groups for host in found.hosts}


def host(standin: StandIn, name: str) -> dict[str, Any]:
    (found,) = [one for one in standin.deployment.hosts if one["hostname"] == name]
    return found


def only_warning(found: Inventory) -> str:
    """The one beside that on the example's unknown appliance."""
    (told,) = [text for text in found.warnings if "JSA9000-X" not in text]
    assert "\n" not in told
    return told


def test_the_example(standin: StandIn) -> None:
    found = inventory_of(standin)
    assert variables(found) == {
        "con1": {"ansible_host": "10.0.0.1", "jsa_address": "10.0.0.1"},
        "ep1": {
            "ansible_host": "10.0.0.21",
            "jsa_address": "10.0.0.21",
            "jsa_ha_peer": "ep1b",
            "jsa_ha_virtual_address": "10.0.0.20",
        },
        "ep1b": {
            "ansible_host": "10.0.0.22",
            "jsa_address": "10.0.0.22",
            "jsa_ha_peer": "ep1",
            "jsa_ha_virtual_address": "10.0.0.20",
        },
        "ec1": {
            "ansible_host": "10.0.1.1",
            "jsa_address": "10.0.1.1",
            "jsa_encrypted": True,
            "jsa_remote_tunnel_initiation": True,
            "jsa_processor": "ep1",
        },
        "dn1": {"ansible_host": "10.0.0.3", "jsa_address": "10.0.0.3"},
        "fp1": {"ansible_host": "10.0.0.4", "jsa_address": "10.0.0.4"},
        "app1": {"ansible_host": "10.0.0.5", "jsa_address": "10.0.0.5"},
        "strange1": {"ansible_host": "10.0.0.7", "jsa_address": "10.0.0.7"},
    }
    assert groups(found) == {
        "con1": ("jsa_console",),
        "ep1": ("jsa_event_processors",),
        "ep1b": ("jsa_event_processors",),
        "ec1": ("jsa_event_collectors",),
        "dn1": ("jsa_data_nodes",),
        "fp1": ("jsa_flow_processors",),
        "app1": ("jsa_app_hosts",),
        "strange1": ("jsa_unknown",),
    }
    assert found.variables == {"jsa_release": "7.5.0 UP10"}
    (warning,) = found.warnings
    assert "JSA9000-X" in warning
    assert "appliance_roles" in warning


def test_one_request_per_page_and_resource(standin: StandIn) -> None:
    inventory_of(standin, learn=True)
    assert standin.asked() == [
        "GET /help/versions",
        "GET /system/about",
        "GET /config/deployment/hosts",
        "GET /system/servers",
        # The only encrypted collector.
        "GET /config/deployment/hosts/102/tunnels",
        "GET /config/event_sources/log_source_management/log_sources",
        "GET /config/flow_sources/flow_source_management/flowSources",
        "GET /config/network_hierarchy/networks",
    ]


def test_2000_hosts(standin: StandIn) -> None:
    standin.deployment = large(2000)
    assert len(inventory_of(standin).hosts) == 2000
    assert len(standin.requests) == 2 + 4 + 4


def test_named_by_address(standin: StandIn) -> None:
    found = inventory_of(standin, Settings(RoleTable({}, {}), named_by="private_ip"))
    assert list(groups(found))[:3] == ["10.0.0.1", "10.0.0.21", "10.0.0.22"]
    assert variables(found)["10.0.0.21"]["jsa_ha_peer"] == "10.0.0.22"
    assert variables(found)["10.0.1.1"]["jsa_processor"] == "10.0.0.21"


def test_statuses(standin: StandIn) -> None:
    host(standin, "dn1")["status"] = "ADDING"
    assert "dn1" not in groups(inventory_of(standin))
    assert "dn1" in groups(inventory_of(standin, Settings(RoleTable({}, {}), ("Active", "ADDING"))))


def test_overrides(standin: StandIn) -> None:
    table = RoleTable({"JSA9000": ("app_host",)}, {"ep1b": ("data_node",), "dn1": (), "ep9": ("console",)})
    found = inventory_of(standin, Settings(table))
    assert groups(found)["strange1"] == ("jsa_app_hosts",)
    # Both nodes of a pair have the roles of the host.
    assert groups(found)["ep1"] == groups(found)["ep1b"] == ("jsa_data_nodes",)
    assert groups(found)["dn1"] == ()
    (warning,) = found.warnings
    assert "host_roles: ep9 is not a host of the console" in warning


def test_two_hosts_of_one_name(standin: StandIn) -> None:
    host(standin, "fp1")["hostname"] = "dn1"
    found = inventory_of(standin)
    assert groups(found)["dn1"] == ("jsa_data_nodes",)
    assert groups(found)["10.0.0.4"] == ("jsa_flow_processors",)
    assert "two hosts have the name dn1" in only_warning(found)


def test_two_hosts_of_one_name_and_address(standin: StandIn) -> None:
    host(standin, "fp1").update(hostname="dn1", private_ip="10.0.0.3")
    inventory = inventory_of(standin)
    assert "two hosts have the name dn1" in only_warning(inventory)
    host(standin, "app1").update(hostname="dn1", private_ip="10.0.0.3")
    with pytest.raises(ConsoleError, match=r"two hosts of the console have the address 10\.0\.0\.3"):
        inventory_of(standin)


@pytest.mark.parametrize("name", ["{{ 7 * 7 }}", "-x", "a b", "a\nb", "h\x1b[31m", "ä"])
def test_a_name_that_no_host_can_have(standin: StandIn, name: str) -> None:
    host(standin, "dn1")["hostname"] = name
    found = inventory_of(standin)
    assert groups(found)["10.0.0.3"] == ("jsa_data_nodes",)
    told = only_warning(found)
    assert "is not valid as the name of a host, so 10.0.0.3 is used" in told
    assert told.isascii()
    assert told.isprintable()


def test_a_server_without_its_host(standin: StandIn) -> None:
    standin.deployment.add_server(77, 999, "lost1", "10.0.0.77")
    found = inventory_of(standin)
    assert "lost1" not in groups(found)
    assert "lost1: a server of the host with the id 999, which the console does not list" in only_warning(found)


def test_the_servers_of_a_deleted_host_are_no_fault(standin: StandIn) -> None:
    standin.deployment.make_pair(106, "old1b", "10.0.0.61", "10.0.0.62")
    assert not {"old1", "old1b"} & set(groups(inventory_of(standin)))


@pytest.mark.parametrize("swapped", [False, True])
def test_after_a_failover_it_is_the_same(standin: StandIn, swapped: bool) -> None:
    """The API's documentation does not say what changes: the status of the servers, their order, who is primary, and
    the name of the host could."""
    table = RoleTable({}, {"ep1": ("event_processor",), "ep1b": ("flow_processor",)})
    settings = Settings(table)
    before = inventory_of(standin, settings)
    deployment = standin.deployment
    servers = {one["hostname"]: one for one in deployment.servers}
    servers["ep1"]["status"], servers["ep1b"]["status"] = "FAILED", "ACTIVE"
    deployment.servers.reverse()
    deployment.hosts.reverse()
    pair = host(standin, "ep1")
    pair["hostname"] = "ep1b"
    if swapped:
        pair["primary_server_id"], pair["secondary_server_id"] = pair["secondary_server_id"], pair["primary_server_id"]
    after = inventory_of(standin, settings)
    assert after == before
    assert variables(after)["ec1"]["jsa_processor"] == "ep1"
    facts = {one.name: one.variables["jsa_console_facts"]["hostname"] for one in after.hosts}
    assert (facts["ep1"], facts["ep1b"]) == ("ep1", "ep1b")


def test_half_a_pair(standin: StandIn) -> None:
    standin.deployment.servers = [one for one in standin.deployment.servers if one["hostname"] != "ep1b"]
    found = inventory_of(standin)
    assert variables(found)["ep1"] == {"ansible_host": "10.0.0.21", "jsa_address": ["10.0.0.21", "10.0.0.20"]}
    assert "ep1 is an HA pair, but the console lists 1 servers" in only_warning(found)


def test_null_members(standin: StandIn) -> None:
    for member in ("appliance", "components", "secondary_server_id", "encryption_enabled", "version", "public_ip"):
        host(standin, "dn1")[member] = None
        del host(standin, "app1")[member]
    host(standin, "fp1")["components"] = [None, "qflow"]
    host(standin, "con1")["appliance"] = {"id": None, "type": None}
    found = inventory_of(standin)
    assert groups(found)["con1"] == ("jsa_console",)
    assert groups(found)["dn1"] == groups(found)["app1"] == ("jsa_unknown",)
    assert "'without a code' of dn1, app1" in only_warning(found)


@pytest.mark.parametrize(
    "item",
    [None, {"id": 5, "hostname": "x"}, {"id": 5, "hostname": None, "private_ip": "10.9.9.9", "status": "Active"}],
)
def test_a_host_that_lacks_what_is_needed(standin: StandIn, item: Any) -> None:
    standin.deployment.hosts.append(item)
    found = inventory_of(standin)
    assert len(found.hosts) == 8
    assert f"{HOSTS}: item 9" in only_warning(found)


def test_an_address_that_no_host_can_have(standin: StandIn) -> None:
    host(standin, "dn1")["private_ip"] = "127.0.0.1"
    found = inventory_of(standin)
    assert "dn1" not in groups(found)
    assert "dn1: private_ip: 127.0.0.1 is a loopback address" in only_warning(found)


def test_an_answer_of_another_form(standin: StandIn) -> None:
    host(standin, "dn1")["components"] = "dataNode"
    with pytest.raises(
        ConsoleError, match=r"not as documented: /config/deployment/hosts\[3\]\.components: expected a list"
    ):
        inventory_of(standin)


def test_an_address_behind_nat(standin: StandIn) -> None:
    host(standin, "dn1")["public_ip"] = "203.0.113.3"
    host(standin, "ep1")["public_ip"] = "203.0.113.20"
    found = variables(inventory_of(standin))
    assert found["dn1"]["jsa_address"] == ["10.0.0.3", "203.0.113.3"]
    assert found["ep1"]["jsa_ha_virtual_address"] == ["10.0.0.20", "203.0.113.20"]


def test_tunnels_to_two_processors_tell_nothing(standin: StandIn) -> None:
    standin.deployment.tunnels[102].append({"name": "x", "remote_host_id": 104})
    assert "jsa_processor" not in variables(inventory_of(standin))["ec1"]


def test_the_console_is_not_encrypted(standin: StandIn) -> None:
    host(standin, "con1").update(encryption_enabled=True, remote_tunnel_initiation_enabled=True)
    assert "jsa_encrypted" not in variables(inventory_of(standin))["con1"]


def test_no_right_names_what_is_missing(standin: StandIn) -> None:
    standin.denied = {HOSTS, LOG_SOURCES}
    with pytest.raises(ConsoleError) as caught:
        inventory_of(standin)
    assert f"it lacks the rights to GET {HOSTS}: give" in str(caught.value)
    with pytest.raises(ConsoleError) as caught:
        inventory_of(standin, learn=True)
    assert f"it lacks the rights to GET {HOSTS}, GET {LOG_SOURCES}: give" in str(caught.value)


def test_no_right_to_what_is_not_necessary(standin: StandIn) -> None:
    standin.denied = {TUNNELS, LOG_SOURCES}
    found = inventory_of(standin, learn=True)
    assert "jsa_processor" not in variables(found)["ec1"]
    assert "log_sources" not in found.variables["jsa_proposed_networks"]
    told = [text for text in found.warnings if "JSA9000-X" not in text]
    assert [TUNNELS in told[0], LOG_SOURCES in told[1]] == [True, True]


def test_flow_sources_of_an_older_release(standin: StandIn) -> None:
    standin.versions = ({"id": 25, "version": "25.0", "deprecated": False, "removed": False},)
    found = inventory_of(standin, learn=True)
    assert "flow_sources" not in found.variables["jsa_proposed_networks"]
    assert "does not have /config/flow_sources" in only_warning(found)


def test_learned_networks(standin: StandIn) -> None:
    found = inventory_of(standin, learn=True)
    assert found.variables["jsa_proposed_networks"] == {
        # 192.0.2.10 and .11 are in the smaller network of the hierarchy; the other sources are off or our own.
        "log_sources": ["192.0.2.8/29", "198.51.100.9/32"],
        "flow_sources": ["198.51.100.200/32"],
        "names": ["switch.example"],
    }


def test_no_credentials_are_kept(standin: StandIn) -> None:
    assert "do not keep this" not in str(write(records_of(standin, learn=True)))


@pytest.mark.parametrize(
    ("about", "release"),
    [
        ({"release_name": "7.5.0 UpdatePackage 10"}, "7.5.0 UP10"),
        ({"release_name": "7.5.0 Update Package 8 Interim Fix 3 (Build 20240302)"}, "7.5.0 UP8 IF03"),
        ({"release_name": None, "external_version": "7.4.3 FP 6"}, "7.4.3 FP6"),
        ({"external_version": "7.3.3.20191031163225"}, "7.3.3"),
        ({"release_name": "Juno", "external_version": "7.5.0"}, "7.5.0"),
        ({"build_version": "2021.6.10.20241004"}, None),
        ({}, None),
    ],
)
def test_the_release(standin: StandIn, about: dict[str, Any], release: str | None) -> None:
    standin.deployment.about = about
    found = inventory_of(standin)
    assert found.variables.get("jsa_release") == release
    assert any("set jsa_release" in text for text in found.warnings) == (release is None)


def test_what_is_cached_says_the_same(standin: StandIn) -> None:
    records = records_of(standin, learn=True)
    problems: list[str] = []
    again = read(Records, write(records), "cache", problems)
    assert problems == []
    assert again is not None
    assert make_inventory(again, SETTINGS) == make_inventory(records, SETTINGS)


ADDRESSES = st.integers(0x0A000000, 0x0A0000FF).map(lambda number: str(ipaddress.IPv4Address(number)))
NETWORKS = st.tuples(ADDRESSES, st.integers(20, 32)).map(
    lambda pair: str(ipaddress.ip_network(f"{pair[0]}/{pair[1]}", strict=False))
)


@given(st.lists(ADDRESSES), st.lists(NETWORKS), st.sets(ADDRESSES))
def test_a_proposal_covers_each_source(sources: list[str], networks: list[str], own: set[str]) -> None:
    found = proposed_networks(Learned(log_sources=tuple(sources), flow_sources=(), networks=tuple(networks)), own)
    proposed = [ipaddress.ip_network(cidr) for cidr in found.get("log_sources", [])]
    theirs = [ipaddress.ip_address(text) for text in sources if text not in own]
    assert all(any(address in network for network in proposed) for address in theirs)
    # And nothing that is neither a source nor in a network with one.
    allowed = {int(address) for address in theirs}
    for cidr in networks:
        network = ipaddress.ip_network(cidr)
        if any(address in network for address in theirs):
            allowed |= set(range(int(network.network_address), int(network.broadcast_address) + 1))
    assert {int(address) for network in proposed for address in network} <= allowed
