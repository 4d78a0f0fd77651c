# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What probes meet on real cables: real firewalls, a router, machines that are not there."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.tests.integration_lab.wires import (
    ABSENT,
    ABSENT_FAR,
    FAR,
    LINUX_DEFAULT,
    NEAR,
    PROBER,
    Wires,
    environment,
)

OPEN, CLOSED, SILENT, ADMIN, PORT, HOST, NET, RESET = range(7001, 7009)

#: What ``near`` does to a packet for each of these ports, TCP and UDP alike but for the reset.
RULES = (
    f"meta l4proto {{ tcp, udp }} th dport {SILENT} drop",
    f"meta l4proto {{ tcp, udp }} th dport {ADMIN} reject with icmpx admin-prohibited",
    f"meta l4proto {{ tcp, udp }} th dport {PORT} reject with icmpx port-unreachable",
    f"meta l4proto {{ tcp, udp }} th dport {HOST} reject with icmpx host-unreachable",
    f"meta l4proto {{ tcp, udp }} th dport {NET} reject with icmpx no-route",
    f"tcp dport {RESET} reject with tcp reset",
)


@pytest.fixture(scope="module")
def cables() -> Iterator[Wires]:
    wires = Wires()
    try:
        wires.build()
        wires.serve("near", OPEN)
        wires.serve("far", OPEN)
        yield wires
    finally:
        wires.remove()


@pytest.fixture
def wires(cables: Wires) -> Wires:
    cables.reset()
    return cables


def told(results: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(result["result"], result["by"]) for result in results]


@pytest.mark.parametrize("kernel", ["as it is", "old, root"])
@pytest.mark.parametrize("address", NEAR)
def test_tcp(wires: Wires, address: str, kernel: str) -> None:
    wires.rules("near", "input", *RULES)
    ports = [OPEN, CLOSED, SILENT, ADMIN, PORT, HOST, NET, RESET]
    assert told(wires.probe([{"address": address, "port": port} for port in ports], kernel)) == [
        ("open", None),
        ("refused", None),
        ("no_answer", None),
        ("prohibited", address),
        ("prohibited", address),
        ("prohibited", address),
        ("prohibited", address),
        ("refused", None),
    ]


@pytest.mark.parametrize(
    ("address", "host", "net"),
    [(NEAR[0], "prohibited", "unreachable"), (NEAR[1], "unreachable", "unreachable")],
)
def test_tcp_on_an_old_kernel_without_privilege(wires: Wires, address: str, host: str, net: str) -> None:
    wires.rules("near", "input", *RULES)
    ports = [OPEN, CLOSED, SILENT, ADMIN, PORT, HOST, NET, RESET]
    assert told(wires.probe([{"address": address, "port": port} for port in ports], "old, user")) == [
        ("open", None),
        ("refused", None),
        ("no_answer", None),
        ("prohibited", None),
        ("refused", None),
        (host, None),
        (net, None),
        ("refused", None),
    ]


@pytest.mark.parametrize("address", NEAR)
@pytest.mark.gate
def test_udp(wires: Wires, address: str) -> None:
    wires.rules("near", "input", *RULES)
    ports = [OPEN, CLOSED, SILENT, ADMIN, PORT, HOST, NET]
    items = [{"address": address, "port": port, "protocol": "udp"} for port in ports]
    assert told(wires.probe(items)) == [
        ("open", None),
        ("refused", address),
        ("open_or_filtered", None),
        ("prohibited", address),
        ("refused", address),
        ("prohibited", address),
        ("prohibited", address),
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("accept", [("open", None), ("open", None)]),
        ("meta l4proto { icmp, ipv6-icmp } drop", [("no_answer", None), ("no_answer", None)]),
        (
            "icmp type echo-request reject with icmp admin-prohibited\n"
            "icmpv6 type echo-request reject with icmpv6 admin-prohibited",
            [("prohibited", NEAR[0]), ("prohibited", NEAR[1])],
        ),
    ],
)
@pytest.mark.parametrize("ping_groups", ["1 0", "0 2147483647"])
def test_echo(wires: Wires, rule: str, expected: list[tuple[str, str | None]], ping_groups: str) -> None:
    wires.sysctl("prober", {"net.ipv4.ping_group_range": ping_groups})
    # Neighbors first, while they may still be asked for.
    wires.probe([{"address": address, "port": OPEN} for address in NEAR])
    wires.rules("near", "input", rule)
    assert told(wires.probe([{"address": address, "protocol": "icmp"} for address in NEAR])) == expected


def test_the_router_refuses_on_the_way(wires: Wires) -> None:
    wires.rules(
        "near",
        "forward",
        f"tcp dport {ADMIN} reject with icmpx admin-prohibited",
        f"udp dport {PORT} reject with icmpx port-unreachable",
        f"tcp dport {SILENT} drop",
    )
    for far, near in zip(FAR, NEAR, strict=True):
        items = [
            {"address": far, "port": OPEN},
            {"address": far, "port": CLOSED},
            {"address": far, "port": ADMIN},
            {"address": far, "port": SILENT},
            {"address": far, "port": PORT, "protocol": "udp"},
            {"address": far, "port": CLOSED, "protocol": "udp"},
        ]
        assert told(wires.probe(items)) == [
            ("open", None),
            ("refused", None),
            ("prohibited", near),
            ("no_answer", None),
            # Only the peer itself can know that nothing is there.
            ("prohibited", near),
            ("refused", far),
        ]


@pytest.mark.parametrize("protocol", ["tcp", "udp", "icmp"])
@pytest.mark.parametrize("timeout", [0.4, 4.0])
def test_nobody_at_that_address(wires: Wires, protocol: str, timeout: float) -> None:
    items = [{"address": address, "protocol": protocol} for address in ABSENT]
    if protocol != "icmp":
        items = [{**item, "port": port} for item in items for port in (1, 2, 3)]
    results = wires.probe(items, timeout=timeout)
    assert told(results) == [("unreachable", None)] * len(items)
    assert {item["error"] for item in results} == {"no host answers at that address, or the gateway to it is down"}


def test_nobody_at_that_address_says_a_user_of_an_old_kernel(wires: Wires) -> None:
    results = wires.probe([{"address": address, "port": 1} for address in ABSENT], "old, user", timeout=4)
    assert told(results) == [("unreachable", None)] * 2


def test_nobody_at_that_address_says_the_router(wires: Wires) -> None:
    items = [{"address": address, "port": 1} for address in ABSENT_FAR]
    assert told(wires.probe(items, timeout=4)) == [("unreachable", near) for near in NEAR]


def test_routes_of_this_host(wires: Wires) -> None:
    kinds = {"10.94.1.0/24": "unreachable", "10.94.2.0/24": "prohibit", "10.94.3.0/24": "blackhole"}
    for network, kind in kinds.items():
        wires.ip("prober", "route", "add", kind, network)
    wires.ip("prober", "route", "add", "10.94.4.0/24", "via", ABSENT[0])
    try:
        items = [
            {"address": f"10.94.{number}.1", "port": 1, "protocol": protocol}
            for number in (1, 2, 3, 4, 5)
            for protocol in ("tcp", "udp")
        ]
        results = wires.probe(items)
    finally:
        for network in [*kinds, "10.94.4.0/24"]:
            wires.ip("prober", "route", "delete", network)
    assert told(results) == [
        *[("unreachable", None)] * 2,
        *[("prohibited", None)] * 2,
        *[("unavailable", None)] * 2,
        *[("unreachable", None)] * 2,
        *[("unreachable", None)] * 2,
    ]
    assert all(result["error"] for result in results)


def test_this_hosts_own_firewall(wires: Wires) -> None:
    wires.rules(
        "prober",
        "output",
        f"meta l4proto {{ tcp, udp }} th dport {ADMIN} reject with icmpx admin-prohibited",
        f"udp dport {SILENT} drop",
    )
    items = [
        {"address": NEAR[0], "port": ADMIN},
        {"address": NEAR[0], "port": ADMIN, "protocol": "udp"},
        {"address": NEAR[0], "port": SILENT, "protocol": "udp"},
        {"address": NEAR[0], "port": OPEN},
    ]
    found = told(wires.probe(items, timeout=3))
    assert found[0] == ("prohibited", PROBER[0])
    assert [result for result, _by in found] == ["prohibited", "prohibited", "prohibited", "open"]


def test_a_link_local_peer(wires: Wires) -> None:
    links = json.loads(wires.ip("near", "-json", "-6", "address", "show", "dev", "near1", "scope", "link"))
    # "ip" lists other devices as empty mappings.
    (address,) = [info["local"] for link in links for info in link.get("addr_info", ()) if info]
    wires.rules("near", "input", f"tcp dport {ADMIN} reject with icmpx admin-prohibited")
    items = [{"address": f"{address}%prob1", "port": port} for port in (OPEN, CLOSED, ADMIN)]
    items.append({"address": "fe80::77%prob1", "port": 1})
    assert told(wires.probe(items)) == [
        ("open", None),
        ("refused", None),
        ("prohibited", address),
        ("unreachable", None),
    ]


def test_the_source_is_what_the_peer_sees(wires: Wires) -> None:
    wires.ip("prober", "address", "add", "10.93.1.9/24", "dev", "prob1")
    try:
        wires.rules("near", "input", "ip saddr 10.93.1.9 accept", f"tcp dport {OPEN} drop")
        item = [{"address": NEAR[0], "port": OPEN}]
        assert told(wires.probe(item)) == [("no_answer", None)]
        assert told(wires.probe(item, source=["10.93.1.9"])) == [("open", None)]
    finally:
        wires.ip("prober", "address", "delete", "10.93.1.9/24", "dev", "prob1")


@pytest.fixture
def fresh(wires: Wires) -> Iterator[list[str]]:
    """Source addresses that nobody has refused anything to yet: rations are kept for each of them."""
    number = wires.new_number()
    sources = [f"10.93.1.{number}", f"fd93:1::{number}"]
    for source, length in zip(sources, ("24", "64"), strict=True):
        wires.ip("prober", "address", "add", f"{source}/{length}", "dev", "prob1", "nodad")
    yield sources
    for source, length in zip(sources, ("24", "64"), strict=True):
        wires.ip("prober", "address", "delete", f"{source}/{length}", "dev", "prob1")


def rationed(wires: Wires, name: str, hook: str) -> None:
    wires.rules(name, hook, f"tcp dport {SILENT} drop", "tcp dport 8000-8999 reject with icmpx admin-prohibited")
    wires.sysctl(name, LINUX_DEFAULT)


def counts(results: list[dict[str, Any]]) -> Counter[tuple[str, bool]]:
    return Counter((result["result"], result["rate_limited"]) for result in results)


def test_refusals_that_come_too_fast_are_asked_for_again(wires: Wires, fresh: list[str]) -> None:
    rationed(wires, "near", "input")
    items = [{"address": NEAR[0], "port": port} for port in (*range(8000, 8011), SILENT, OPEN, CLOSED)]
    results = wires.probe(items, source=fresh)
    assert told(results) == [*[("prohibited", NEAR[0])] * 11, ("no_answer", None), ("open", None), ("refused", None)]
    assert not any(result["rate_limited"] for result in results)


def test_the_same_for_ipv6(wires: Wires, fresh: list[str]) -> None:
    rationed(wires, "near", "input")
    items = [{"address": NEAR[1], "port": port} for port in (*range(8000, 8040), SILENT)]
    assert counts(wires.probe(items, source=fresh)) == {("prohibited", False): 40, ("no_answer", False): 1}


def test_silence_that_could_not_be_asked_again_is_marked(wires: Wires, fresh: list[str]) -> None:
    rationed(wires, "near", "input")
    items = [{"address": NEAR[0], "port": port} for port in range(8000, 8030)]
    found = counts(wires.probe(items, recheck_seconds=0, source=fresh))
    assert found[("prohibited", False)] >= 1 and found[("no_answer", True)] >= 15
    assert set(found) == {("prohibited", False), ("no_answer", True)}


def test_the_time_for_asking_again_is_kept(wires: Wires, fresh: list[str]) -> None:
    rationed(wires, "near", "input")
    start = time.monotonic()
    items = [{"address": NEAR[0], "port": port} for port in range(8000, 8100)]
    found = counts(wires.probe(items, recheck_seconds=3, source=fresh))
    assert time.monotonic() - start < 15
    # Six at once, and one a second.
    assert 7 <= found[("prohibited", False)] <= 12
    assert found[("no_answer", True)] == 100 - found[("prohibited", False)]


def test_a_peer_that_has_used_up_its_ration_is_heard_within_the_default_timeout(wires: Wires, fresh: list[str]) -> None:
    rationed(wires, "near", "input")
    items = [{"address": NEAR[0], "port": port} for port in range(8000, 8030)]
    wires.probe(items, recheck_seconds=0, source=fresh)
    found = counts(wires.probe(items, recheck_seconds=0, source=fresh, timeout=3))
    assert found[("prohibited", False)] >= 1
    assert set(found) == {("prohibited", False), ("no_answer", True)}


def test_a_router_has_one_ration_for_all_peers_behind_it(wires: Wires, fresh: list[str]) -> None:
    rationed(wires, "near", "forward")
    wires.ip("far", "address", "add", "10.93.2.3/24", "dev", "far2")
    try:
        items = [{"address": address, "port": port} for address in (FAR[0], "10.93.2.3") for port in range(8000, 8005)]
        results = wires.probe(items, source=fresh)
    finally:
        wires.ip("far", "address", "delete", "10.93.2.3/24", "dev", "far2")
    assert told(results) == [("prohibited", NEAR[0])] * 10


@pytest.mark.parametrize(("rule", "result"), [("accept", "refused"), ("tcp dport 10000-10999 drop", "no_answer")])
def test_a_thousand_ports(wires: Wires, rule: str, result: str) -> None:
    wires.rules("near", "input", rule)
    start = time.monotonic()
    results = wires.probe([{"address": NEAR[0], "port": port} for port in range(10000, 11000)], timeout=2)
    assert Counter(item["result"] for item in results) == {result: 1000}
    assert time.monotonic() - start < 10


def ansible(wires: Wires, module: str, arguments: dict[str, Any], *wrapper: str, home: Path) -> dict[str, Any]:
    """The answer of *module*, run by Ansible itself in the namespace of the prober."""
    collections = next(path for path in sys.path if (Path(path) / "ansible_collections" / "jsa" / "ports").is_dir())
    output = wires.run(
        "prober",
        *wrapper,
        str(Path(sys.executable).parent / "ansible"),
        "localhost",
        "-i",
        "localhost,",
        "-c",
        "local",
        "-e",
        f"ansible_python_interpreter={sys.executable}",
        "-m",
        module,
        "-a",
        json.dumps(arguments),
        env={
            **environment(),
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_HOME": str(home),
            "ANSIBLE_NOCOLOR": "true",
        },
    )
    return json.loads(output[output.index("{") :])


@pytest.mark.gate
def test_the_module_as_ansible_runs_it(wires: Wires, tmp_path: Path) -> None:
    wires.rules("near", "input", *RULES)
    probes = [{"address": NEAR[0], "port": port, "id": number} for number, port in enumerate((OPEN, CLOSED, ADMIN))]
    got = ansible(wires, "jsa.ports.reachability", {"probes": probes, "timeout": 1}, home=tmp_path)
    assert [(item["id"], item["result"], item["by"]) for item in got["results"]] == [
        (0, "open", None),
        (1, "refused", None),
        (2, "prohibited", NEAR[0]),
    ]
    assert got["changed"] is False


def test_a_user_without_privilege(wires: Wires) -> None:
    wires.rules("near", "input", *RULES)
    wires.sysctl("prober", {"net.ipv4.ping_group_range": "1 0"})
    # Not the checkout, which that user may be unable to read: the imports happen before the privilege goes.
    script = (
        "import json, os, sys\n"
        "from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.engine import Engine, describe\n"
        "from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import read_probes\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "probes = read_probes(json.load(sys.stdin))\n"
        "json.dump([describe(p, o) for p, o in zip(probes, Engine(timeout=0.5).run(probes))], sys.stdout)\n"
    )
    items: list[dict[str, Any]] = [{"address": NEAR[0], "port": port} for port in (OPEN, ADMIN, PORT)]
    items += [{"address": NEAR[0], "port": CLOSED, "protocol": "udp"}, {"address": NEAR[0], "protocol": "icmp"}]
    results = json.loads(wires.run("prober", sys.executable, "-c", script, input=json.dumps(items), env=environment()))
    assert told(results) == [
        ("open", None),
        ("prohibited", NEAR[0]),
        ("prohibited", NEAR[0]),
        ("refused", NEAR[0]),
        ("unavailable", None),
    ]
    assert "requires root" in results[-1]["error"]


def test_listeners_sees_its_own_host_alone(wires: Wires, tmp_path: Path) -> None:
    """A namespace of its own for network and processes, with a /proc that belongs to it."""
    port = 7777
    service = subprocess.Popen(
        [
            *wires.entering("prober"),
            "unshare",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            sys.executable,
            str(Path(__file__).parent / "probing.py"),
            "serve",
            str(port),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert service.stdout is not None and service.stdout.readline() == b"ready\n"
        children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
        inside = ("nsenter", "--target", children[0], "--pid", "--mount", "--net")
        expected = [{"id": "it", "protocol": "tcp", "ports": str(port), "bind": "network"}]
        arguments = {"expected": expected, "return_sockets": True}
        got = ansible(wires, "jsa.ports.listeners", arguments, *inside, home=tmp_path)
    finally:
        service.kill()
        service.wait()
    # "near" has its own sockets, and this machine others: none of them is to be seen.
    assert {(item["protocol"], item["port"]) for item in got["sockets"]} == {("tcp", port), ("udp", port)}
    (tcp, udp) = got["results"]
    assert (tcp["status"], tcp["families"], tcp["bind"]) == ("listening", ["ipv4", "ipv6"], "network")
    assert [process["pid"] for process in tcp["processes"]] == [1]
    assert (udp["status"], udp["ids"]) == ("unlisted", [])
