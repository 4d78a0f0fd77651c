# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HA clusters: their nodes, and the values that both nodes share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import did_you_mean
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import read_addresses
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host

#: Variables of an HA cluster that can be set on one of its nodes.
_SHARED = ("jsa_encrypted", "jsa_remote_tunnel_initiation", "jsa_processor", "jsa_features", "jsa_nat_group")


def read_peers(values: Mapping[str, Mapping[str, Any]], problems: list[str]) -> dict[str, str]:
    """Both directions of every pair, of which one node or both name the other."""
    peers: dict[str, str] = {}
    for name, own in values.items():
        peer = own.get("jsa_ha_peer")
        if peer is None:
            continue
        if not isinstance(peer, str) or peer not in values:
            problems.append(
                f"{name}: jsa_ha_peer: {peer!r} is not a host of the inventory{did_you_mean(str(peer), values)}; "
                "name the other node of the HA pair as the inventory does"
            )
        elif peer == name:
            problems.append(f"{name}: jsa_ha_peer: a host cannot be its own peer; name the other node of the HA pair")
        else:
            for one, other in ((name, str(peer)), (str(peer), name)):
                if peers.setdefault(one, other) != other:
                    problems.append(
                        f"{one}: jsa_ha_peer: it is paired with {peers[one]} and with {other}, but a pair has two nodes"
                    )
    return peers


def share_values(
    values: Mapping[str, Mapping[str, Any]], peers: Mapping[str, str], problems: list[str]
) -> dict[str, dict[str, Any]]:
    """Values with what an HA cluster has in common filled in from the other node."""
    shared = {name: dict(own) for name, own in values.items()}
    for name, peer in peers.items():
        for variable in _SHARED:
            mine, theirs = values[name].get(variable), values[peer].get(variable)
            if mine is None and theirs is not None:
                shared[name][variable] = theirs
            elif mine is not None and theirs is not None and mine != theirs and name < peer:
                problems.append(
                    f"{name}, {peer}: {variable}: the nodes of an HA pair differ; set the same value on both"
                )
    return shared


def read_virtual_addresses(
    values: Mapping[str, Mapping[str, Any]], peers: Mapping[str, str], problems: list[str]
) -> dict[str, tuple[str, ...]]:
    """The virtual addresses of each HA pair by host name; adds to *problems* what is wrong with them."""
    virtual: dict[str, tuple[str, ...]] = {}
    for name, peer in peers.items():
        if name > peer:
            continue
        found: dict[str, tuple[str, ...]] = {}
        for node in (name, peer):
            value = values[node].get("jsa_ha_virtual_address")
            if value is not None:
                found[node] = read_addresses(node, "jsa_ha_virtual_address", value, problems)
        if not found:
            problems.append(
                f"{name}, {peer}: jsa_ha_virtual_address is not set: an HA pair has three addresses, one for each node "
                "and one for the cluster; set the cluster's address on one of the nodes"
            )
        elif len(set(found.values())) > 1:
            problems.append(f"{name}, {peer}: jsa_ha_virtual_address: the nodes of an HA pair have different values")
        else:
            virtual[name] = virtual[peer] = next(iter(found.values()))
    for name, own in values.items():
        if own.get("jsa_ha_virtual_address") is not None and name not in peers:
            problems.append(
                f"{name}: jsa_ha_virtual_address is set, but jsa_ha_peer is not: set it to the other node of the pair"
            )
    return virtual


def read_crossover_addresses(
    values: Mapping[str, Mapping[str, Any]], peers: Mapping[str, str], problems: list[str]
) -> dict[str, tuple[str, ...]]:
    """The addresses of each node on the link to its peer, by host name; adds to *problems* what is wrong with them.

    Other pairs can have the same addresses on links of their own.
    """
    variable = "jsa_ha_crossover_address"
    found: dict[str, tuple[str, ...]] = {}
    for name, own in values.items():
        if own.get(variable) in (None, ""):
            continue
        if name not in peers:
            problems.append(f"{name}: {variable} is set, but jsa_ha_peer is not: set it to the other node of the pair")
            continue
        found[name] = read_addresses(name, variable, own[variable], problems)
    for name, addresses in found.items():
        peer = peers[name]
        if peer not in found:
            problems.append(f"{peer}: {variable} is not set, but {name} has one: each node has its own, set both")
        elif name < peer and set(addresses) & set(found[peer]):
            problems.append(f"{name}, {peer}: {variable}: both nodes have the same address; each has its own")
    return found


def check_addresses_unique(hosts: Mapping[str, Host], problems: list[str]) -> None:
    """Adds to *problems* the addresses that two hosts or HA pairs have, and crossover addresses that others can use."""
    owners: dict[str, str] = {}
    for name, host in hosts.items():
        claims = [(address, name) for address in (*host.addresses, *host.public_addresses)]
        claims += [(address, _cluster_name(host)) for address in host.virtual_addresses]
        for address, claimant in claims:
            owner = owners.setdefault(address, claimant)
            if owner != claimant:
                problems.append(f"{owner}, {claimant}: both have the address {address}; each needs its own")
    for name, host in hosts.items():
        for address in host.crossover_addresses:
            if address in owners:
                problems.append(
                    f"{name}: jsa_ha_crossover_address: {address} is an address of {owners[address]} on the network of "
                    "all hosts; name the address on the link between the nodes"
                )


def _cluster_name(host: Host) -> str:
    return "the HA pair " + " and ".join(sorted((host.name, host.ha_peer or "")))
