# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as people read it: what is shown, and what is only counted."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.plan_table import plan_table
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils import deployments

EMPTY: dict[str, Any] = {"roles": [], "addresses": [], "inbound": [], "refused": [], "dynamic": []}
PEERS = {f"h{number}": {**EMPTY, "addresses": [f"10.0.0.{number}"]} for number in range(2, 9)}
CLASSES = {
    "collectors": {"hosts": [f"h{number}" for number in range(2, 7)]},
    "two": {"hosts": ["h2", "h3"]},
    "log_sources": {"networks": ["10.9.0.0/24", "10.8.0.0/16"]},
    "any": {"networks": ["0.0.0.0/0", "::/0"]},
}


def text(hosts: dict[str, Any], names: list[str], every: bool = False) -> str:
    return plan_table(
        Plan.from_dict({"version": 1, "source_classes": CLASSES, "hosts": {**PEERS, **hosts}}), names, every
    )


def table(every: bool = False, **host: Any) -> list[str]:
    """The lines of a host with these rules; without the legend."""
    con1 = {**EMPTY, "roles": ["console", "app_host"], "addresses": ["10.0.0.1", "fd00::1"], **host}
    return text({"con1": con1}, ["con1", "gone"], every).partition("\n\n")[0].splitlines()


def rule(*sources: str, peers: str = "sources", labels: tuple[str, ...] = ()) -> dict[str, Any]:
    classes = {f"{peers.removesuffix('s')}_classes": list(labels)}
    return {"protocol": "tcp", "ports": "22", peers: list(sources), "why": ["ssh", "x"], **classes}


ALL = ["10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"]


@pytest.mark.parametrize(
    ("sources", "labels", "words", "every"),
    [
        (["10.0.0.2/31"], ["two"], "h2, h3", "h2, h3"),
        (["10.0.0.2/31"], [], "h2, h3", "h2, h3"),
        (ALL, ["collectors"], "h2, h3, h4 and 2 more", "h2, h3, h4, h5, h6"),
        ([*ALL[:2]], ["collectors"], "h2, h3, h4, h5", "h2, h3, h4, h5"),
        # What is wide is not among those that are counted.
        (
            ["10.9.0.0/24", "10.8.0.0/16", *ALL],
            ["collectors", "log_sources"],
            "log_sources, h2, h3 and 3 more",
            "log_sources, h2, h3, h4, h5, h6",
        ),
        # Half of a network is not that network.
        (["10.9.0.0/24"], ["log_sources"], "log_sources (10.9.0.0/24)", "log_sources (10.9.0.0/24)"),
        (["10.9.0.0/24"], [], "10.9.0.0/24", "10.9.0.0/24"),
        (["0.0.0.0/0", "::/0"], ["any", "two"], "anyone", "anyone, h2, h3"),
        (["::/0"], [], "::/0", "::/0"),
    ],
)
def test_sources_by_name(sources: list[str], labels: list[str], words: str, every: str) -> None:
    shown = {"inbound": [rule(*sources, labels=tuple(labels))]}
    head = "con1  console, app_host  10.0.0.1, fd00::1"
    assert table(**shown) == [head, f"  accept  tcp 22  SSH; x  from {words}"]
    assert table(every=True, **shown) == [head, f"  accept  tcp 22  SSH; x  from {every}"]


def test_a_pair_has_a_virtual_address() -> None:
    """As in the collection's own plans, also on the nodes themselves."""
    hosts = {"con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.99"}}
    plan = deployments.Plan({"con1": "jsa_console", "con2": "", "ec1": "jsa_event_collectors"}, hosts).plan
    heads = [line for line in plan_table(plan, plan.hosts).splitlines() if not line.startswith(" ")]
    assert heads[0].endswith("  10.0.0.1, virtual 10.0.0.99")
    (ssh,) = [line for line in plan_table(plan, ["ec1"]).splitlines() if " tcp 22 " in line]
    assert ssh.endswith("  from con1, con2, VIP con (10.0.0.99)")
    (ssh,) = [line for line in plan_table(plan, ["con1"]).splitlines() if " tcp 22 " in line]
    assert ssh.endswith("  from con2, ec1, VIP con (10.0.0.99)")


def test_a_host_with_other_addresses_than_its_own() -> None:
    h2 = {**EMPTY, "addresses": ["10.0.0.2", "fd00::2"]}
    con1 = {**EMPTY, "addresses": ["10.0.0.1"], "inbound": [rule("10.0.0.2/32", labels=("two",))]}
    assert "from h2 (10.0.0.2)\n" in text({"con1": con1, "h2": h2}, ["con1"])


def test_ports_that_services_choose() -> None:
    known = {"id": "nfs", "service": "NFS", "protocols": ["tcp", "udp"], "ports": "32768-60999",
             "sources": ["10.0.0.2/32"]}  # fmt: skip
    assert table(dynamic=[known, {"id": "other"}])[1:] == ["  dynamic  tcp/udp 32768-60999  NFS  from h2"]


def test_what_leaves_a_host_that_is_restricted() -> None:
    assert table(outbound=[rule("10.0.0.2/32", peers="destinations")])[1:] == [
        "  contact  tcp 22  SSH; x  to h2 (10.0.0.2)",
        "  refuse  all other outbound traffic",
    ]
    assert table(outbound=[])[1:] == ["  refuse  all other outbound traffic"]


REFUSED = [{"protocol": "tcp", "ports": "22", "why": ["x"]}, {"protocol": "udp", "ports": "53", "why": ["x"]}]


def test_what_is_refused_to_everyone_else() -> None:
    more = [*REFUSED, {"protocol": "tcp", "ports": "80-90", "why": ["x"]}]
    assert table(refused=more)[1:] == [
        "  refuse  tcp to everyone else: 22, 80-90",
        "  refuse  udp to everyone else: 53",
    ]


def test_hosts_that_refuse_the_same_share_a_block() -> None:
    hosts = {name: {**EMPTY, "refused": REFUSED} for name in ("a", "b")}
    hosts["c"] = {**EMPTY, "refused": REFUSED[:1]}
    assert text(hosts, ["a", "b", "c"]).splitlines() == [
        "a",
        "",
        "b",
        "",
        "c",
        "  refuse  tcp to everyone else: 22",
        "",
        "a, b",
        "  refuse  tcp to everyone else: 22",
        "  refuse  udp to everyone else: 53",
        "",
        "refuse: closed to everyone else",
    ]
    many = {f"n{number:02}": hosts["a"] for number in range(12)}
    assert "\nn00, n01, n02, n03, n04, n05, n06 and 5 more\n  refuse" in text(many, list(many))
    assert f"\n{', '.join(many)}\n  refuse" in text(many, list(many), every=True)


def test_one_legend_for_the_words_and_the_networks_that_are_used() -> None:
    accepting = {**EMPTY, "inbound": [rule("10.8.0.0/16", "10.9.0.0/24", labels=("log_sources",))], "refused": REFUSED}
    assert text({"con1": accepting, "con2": accepting}, ["con1", "con2"]).rsplit("\n\n", 1)[-1].splitlines() == [
        "accept: open to these sources",
        "refuse: closed to everyone else",
        "log_sources: 10.8.0.0/16, 10.9.0.0/24",
    ]
    assert text({}, ["gone"]) == ""


def test_lines_stay_short() -> None:
    long = {f"host-with-a-long-name-{number}": {**EMPTY, "addresses": [f"10.1.0.{number}"]} for number in range(9)}
    inbound = {"protocol": "tcp", "ports": "32000-33999", "sources": [f"10.1.0.{number}/32" for number in range(9)],
               "why": ["data_range", "ec_data", "norm_events", "ariel_query"]}  # fmt: skip
    lines = text({"con1": {**EMPTY, "inbound": [inbound]}, **long}, ["con1"], every=True).splitlines()
    assert max(map(len, lines)) <= 120
    words = " ".join(" ".join(lines[1:-2]).split())
    assert all(name in words for name in long)


def test_long_lists_of_ports_are_wrapped_under_each_other() -> None:
    head = "  refuse  tcp to everyone else: "
    # 84 characters are left: 14 ports of four digits with a comma and a space each, the last space not counted.
    ports = [str(number) for number in range(1000, 1020)]
    lines = table(refused=[{"protocol": "tcp", "ports": port, "why": ["x"]} for port in ports])[1:]
    assert lines == [head + ", ".join(ports[:14]) + ",", " " * len(head) + ", ".join(ports[14:])]
    assert len(lines[0]) == 115
    assert [port for line in lines for port in line.rpartition(": ")[2].replace(",", " ").split()] == ports


def test_icmp_has_no_ports() -> None:
    assert table(inbound=[{"protocol": "icmp", "sources": ["10.0.0.2/32"], "why": ["ping"]}])[1:] == [
        "  accept  icmp  ping  from h2"
    ]


def test_what_decides_where_no_rule_does() -> None:
    assert table(unlisted="zone")[1:] == []
    assert table(unlisted="drop", management_addresses=["192.0.2.7/32", "192.0.2.64/26"])[1:] == [
        "  drop  all ports that the catalog does not list",
        "  manage  SSH from 192.0.2.7, 192.0.2.64/26",
    ]
