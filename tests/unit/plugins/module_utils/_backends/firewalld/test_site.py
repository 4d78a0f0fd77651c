# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the site's own a reload would change: what runs, against what is kept."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import CommandError, NotAsked
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.site import (
    SiteObject,
    lost_by_reload,
    running_policies,
    running_zones,
)

NETWORK_MANAGER = "org.freedesktop.NetworkManager"
NO_DIRECT: tuple[list[Any], list[Any], list[Any]] = ([], [], [])


class FakeClient:
    """A firewalld: what runs, what is kept, and the interfaces that NetworkManager has, each with its zone."""

    def __init__(
        self,
        zones: Any = None,
        policies: Any = None,
        sets: Any = None,
        direct: Any = NO_DIRECT,
        kept_direct: Any = NO_DIRECT,
        network_manager: dict[str, str | None] | None = None,
        keeps: bool = False,
    ) -> None:
        #: Kind -> name -> (what runs, what is kept or None).
        self.known: dict[str, dict[str, tuple[Any, Any]]] = {
            "zone": zones or {}, "policy": policies or {}, "ipset": sets or {},
        }  # fmt: skip
        self.direct = dict(zip(("getAllChains", "getAllRules", "getAllPassthroughs"), direct, strict=True))
        self.kept_direct = kept_direct
        self.network_manager = network_manager
        self.keeps = keeps

    def keeps_entries(self) -> bool:
        return self.keeps

    def lost_iptables(self) -> list[str]:
        return []

    def ask_network_manager(self, interface: str, member: str, arguments: Any, path: str) -> Any:
        """Its device has the interface's name as its path, and so have the connection and its settings."""
        if self.network_manager is None:
            raise NotAsked("The name is not activatable")
        if member == "GetDeviceByIpIface":
            (name,) = arguments
            if name not in self.network_manager:
                raise CommandError(["x"], None, "No device found for the requested iface.")
            return "/device/" + name
        name = path.rpartition("/")[2]
        zone = self.network_manager[name]
        if member == "GetSettings":
            assert interface == NETWORK_MANAGER + ".Settings.Connection"
            return {"connection": {"id": "x", **({"zone": zone} if zone else {})}}
        return {
            (NETWORK_MANAGER + ".Device", "ActiveConnection"): "/" if zone == "inactive" else "/active/" + name,
            (NETWORK_MANAGER + ".Connection.Active", "Connection"): "/settings/" + name,
            (NETWORK_MANAGER + ".Settings.Connection", "Flags"): 0x2 if zone == "generated" else 0,
        }[tuple(arguments)]

    def call(self, interface: str, member: str, signature: str = "", arguments: Any = (), path: str = "",
             destination: str = "") -> tuple[Any, ...]:  # fmt: skip
        if destination == NETWORK_MANAGER:
            return (self.ask_network_manager(interface, member, arguments, path),)
        if member == "getDefaultZone":
            return ("public",)
        if interface == "direct":
            return (self.direct[member],)
        if interface == "config.direct":
            return (self.kept_direct,)
        if interface == "config":
            kind = {"getZoneByName": "zone", "getPolicyByName": "policy", "getIPSetByName": "ipset"}[member]
            assert (signature, path) == ("s", "/config")
            (name,) = arguments
            if self.known[kind][name][1] is None:
                raise CommandError(["firewalld", member], None, "INVALID_ZONE")
            return (f"/config/{kind}/{name}",)
        if interface.startswith("config."):
            _root, _config, kind, name = path.split("/")
            assert interface == "config." + kind
            return (self.known[kind][name][1],)
        if not arguments:
            return (list(self.known[interface]),)
        assert signature == "s"
        return (self.known[interface][arguments[0]][0],)


def lost(**site: Any) -> list[str]:
    client: Any = FakeClient(**site)
    return lost_by_reload(client)


ZONE = {"short": "Public", "description": "x", "version": "1", "target": "default", "services": ["ssh"],
        "ports": [("80", "tcp")], "masquerade": False, "forward": True}  # fmt: skip


def test_what_runs() -> None:
    client: Any = FakeClient({"public": (ZONE, ZONE)}, {"site": ({"priority": 1}, {}), "jsa-in": ({}, {})})
    assert running_zones(client) == [SiteObject("zone public", ZONE)]
    assert running_policies(client) == [SiteObject("policy site", {"priority": 1})]


def test_a_site_that_keeps_all_that_runs_loses_nothing() -> None:
    other_texts = {**ZONE, "short": "p", "description": "y", "version": "2"}
    entries = ("", "", "", "", {}, ["192.0.2.1"])
    assert lost(zones={"public": (ZONE, other_texts)}, sets={"blocklist": (entries, entries)}) == []


@pytest.mark.parametrize(
    ("running", "words"),
    [
        ({**ZONE, "services": ["ssh", "http"]}, ["service http, changed at run time only"]),
        ({**ZONE, "services": []}, ["service ssh, in the files only"]),
        (
            {**ZONE, "ports": [("81", "tcp"), ("", "udp")]},
            [
                "port 81/tcp, changed at run time only",
                "port udp, changed at run time only",
                "port 80/tcp, in the files only",
            ],
        ),
        ({**ZONE, "masquerade": True}, ["masquerade, changed at run time only"]),
        ({**ZONE, "icmp_block_inversion": True}, ["icmp block inversion, changed at run time only"]),
        ({**ZONE, "target": "DROP"}, ["target DROP, changed at run time only", "target default, in the files only"]),
        ({**ZONE, "new_kind": ["x"]}, ["new_kind x, changed at run time only"]),
    ],
)
def test_settings(running: dict[str, Any], words: list[str]) -> None:
    assert lost(zones={"public": (running, ZONE)}) == ["zone public: " + one for one in words]


def test_objects_that_are_not_kept() -> None:
    found = lost(zones={"gone": (ZONE, None), "public": (ZONE, ZONE)}, policies={"left": ({}, None)})
    assert found == ["zone gone is no longer in the files", "policy left is no longer in the files"]


ONLY_RUNS, ONLY_KEPT = (
    "zone public: interface eth0, changed at run time only",
    "zone dmz: interface eth0, in the files only",
)


@pytest.mark.parametrize(
    ("network_manager", "words"),
    [
        (None, [ONLY_RUNS]),
        ({}, [ONLY_RUNS]),
        # Of a VPN, a container or a virtual machine, it shows at most that it is there.
        ({"eth0": "inactive"}, [ONLY_RUNS]),
        ({"eth0": "generated"}, [ONLY_RUNS]),
        # Its connections come into the zone that they name, or into the default zone, which is public.
        ({"eth0": "public"}, []),
        ({"eth0": None}, []),
        # Somebody has moved it with firewall-cmd: it moves back.
        ({"eth0": "internal"}, [ONLY_RUNS]),
    ],
)
def test_interfaces_that_network_manager_binds_anew(network_manager: Any, words: list[str]) -> None:
    running = {**ZONE, "interfaces": ["eth0"]}
    assert lost(zones={"public": (running, ZONE)}, network_manager=network_manager) == words


@pytest.mark.parametrize(
    ("network_manager", "words"), [(None, [ONLY_KEPT]), ({"eth0": None}, []), ({"eth0": "dmz"}, [ONLY_KEPT])]
)
def test_interfaces_that_network_manager_keeps_out_of_the_zone_in_the_files(
    network_manager: Any, words: list[str]
) -> None:
    kept = {**ZONE, "interfaces": ["eth0"]}
    assert lost(zones={"dmz": (ZONE, kept)}, network_manager=network_manager) == words


def test_what_a_firewalld_keeps_that_flushes_nothing() -> None:
    site: dict[str, Any] = {
        "zones": {"public": ({**ZONE, "interfaces": ["eth0"], "services": ["http"]}, {**ZONE, "interfaces": ["eth1"]})},
        "sets": {
            "b": (("", "", "", "", {}, ["1", "2"]), ("", "", "", "", {}, ["2", "3"])),
            "c": (("", "", "", "", {}, []), None),
        },
        "direct": ([], [("ipv4", "filter", "X", 5, ["-j", "DROP"])], []),
        "kept_direct": ([], [], [("ipv6", ["-N", "Y"])]),
    }
    assert lost(**site, keeps=True) == [
        "zone public: service http, changed at run time only",
        "zone public: interface eth1, in the files only",
        "zone public: service ssh, in the files only",
        "set b: entry 3, in the files only",
        "direct: passthrough ipv6 -N Y, in the files only",
    ]
    assert len(lost(**site)) == 9


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["set b: entry 1, changed at run time only", "set b: entry 3, in the files only"]),
        ({"timeout": "0"}, ["set b: entry 1, changed at run time only", "set b: entry 3, in the files only"]),
        ({"timeout": "60"}, ["set b: entries that time out, if it has any"]),
    ],
)
def test_entries(options: dict[str, str], words: list[str]) -> None:
    running, kept = ("", "", "", "", options, ["1", "2"]), ("", "", "", "", options, ["2", "3"])
    # Ours come from our own files.
    assert lost(sets={"b": (running, kept), "jsa-ep-4": (running, kept)}) == words


def test_direct_rules() -> None:
    chain, rule = ("ipv4", "filter", "X"), ("ipv4", "filter", "X", 5, ["-j", "DROP"])
    only, both = "direct: %s, changed at run time only", "direct: %s, in the files only"
    words = ["chain ipv4 filter X", "passthrough ipv6 -N Y", "rule ipv4 filter X 5 -j DROP"]
    everything = ([chain], [rule], [("ipv6", ["-N", "Y"])])
    assert lost(direct=everything) == [only % word for word in words]
    assert lost(kept_direct=everything) == [both % word for word in words]
    assert lost(direct=everything, kept_direct=everything) == []
