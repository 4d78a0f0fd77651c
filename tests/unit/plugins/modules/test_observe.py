# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.observe, from its options to its answer, on loopback."""

from __future__ import annotations

import socket

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.module_utils._backends import detect
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets import look as packets
from ansible_collections.jsa.ports.plugins.module_utils._observe.whole import look as whole
from ansible_collections.jsa.ports.plugins.modules import observe
from ansible_collections.jsa.ports.tests.unit.plugins.modules.standin import run_main

HERE = "127.0.0.1"
RULES: dict[str, Any] = {"inbound": [], "refused": []}

Answer = Callable[..., dict[str, Any]]


@pytest.fixture(name="answer")
def fixture_answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    class Looked:
        """Evaluates nothing: which flows it is asked for is what counts here."""

        def result(self, flows: list[Any]) -> dict[str, Any]:
            return {"addresses": None, "flows": [flow.given for flow in flows], "obstacle": None}

    monkeypatch.setattr(packets, "Look", Looked)
    return lambda **params: run_main(monkeypatch, observe, params)[0]


@pytest.fixture(name="ports")
def fixture_ports() -> Iterator[tuple[int, int]]:
    """One port that answers on the network, one that is closed."""
    with socket.socket() as service, socket.socket() as nothing:
        service.bind(("0.0.0.0", 0))
        nothing.bind((HERE, 0))
        service.listen(5)
        yield service.getsockname()[1], nothing.getsockname()[1]


def probe(port: int, is_open: bool | None) -> dict[str, Any]:
    return {"address": HERE, "port": port, "protocol": "tcp", "open": is_open, "own": HERE}


def end(role: str, port: int) -> dict[str, Any]:
    return {"role": role, "own": HERE, "peer": HERE, "protocol": "tcp", "port": port}


def test_one_answer_with_all_parts(answer: Answer, ports: tuple[int, int]) -> None:
    expected = [{"id": "it", "protocol": "tcp", "ports": str(ports[0]), "bind": "network"}]
    got = answer(expected=expected, probes=[probe(port, True) for port in ports])
    assert [one["status"] for one in got["sockets"]["results"] if one["ids"] == ["it"]] == ["listening"]
    assert [(one["port"], one["result"]) for one in got["probes"]["results"]] == [
        (ports[0], "open"),
        (ports[1], "refused"),
    ]
    assert got["probes"]["summary"]["open"] == got["probes"]["summary"]["refused"] == 1
    assert not {"open", "own"} & set(got["probes"]["results"][0])
    assert got["changed"] is False and "firewall" not in got


def test_a_closer_look_at_what_met_something_else(answer: Answer, ports: tuple[int, int]) -> None:
    there, closed = ports
    for is_open, odd in ((True, [closed]), (False, [there]), (None, [])):
        got = answer(probes=[probe(port, is_open) for port in ports])
        assert got["paths"]["flows"] == [end("initiator", port) for port in odd]
    # Nobody said from which address.
    assert answer(probes=[{**probe(closed, True), "own": None}])["paths"]["flows"] == []


def test_looks_ahead_only_at_the_ports_on_which_it_listens(answer: Answer, ports: tuple[int, int]) -> None:
    ahead = [end("listener", port) for port in ports]
    assert answer(expected=[], foreseen=ahead)["paths"]["flows"] == ahead[:1]
    # Who does not know what listens looks at all of them, and at each once.
    assert answer(foreseen=ahead, flows=ahead[1:])["paths"]["flows"] == ahead


def test_a_firewall_that_cannot_be_read_costs_nothing_else(
    answer: Answer, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_arguments: Any) -> Any:
        raise FirewallError("it is on strike")

    monkeypatch.setattr(detect, "select_backend", nobody)
    got = answer(expected=[], rules=RULES, probes=[probe(ports[0], True)])
    assert got["firewall"] == {"msg": "it is on strike"}
    assert got["sockets"]["results"] and got["probes"]["results"][0]["result"] == "open"
    assert "refused" in answer(rules={"inbound": []})["firewall"]["msg"]


def test_rules_and_routes_that_cannot_be_read_cost_nothing_else(
    answer: Answer, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing() -> Any:
        raise OSError("no netlink here")

    monkeypatch.setattr(whole, "own_addresses", nothing)
    got = answer(probes=[probe(ports[0], True)])
    assert got["paths"] == {"msg": "OSError: no netlink here"} and got["probes"]["results"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"probes": [{"address": "con1", "port": 1}]}, "probes[0]: address: 'con1' is not an IP address"),
        ({"probes": [{**probe(1, True), "open": "maybe"}]}, "probes[0]: open: 'maybe' is neither true nor false"),
        ({"probes": [{**probe(1, True), "own": "::1"}]}, "own and peer are of different address families"),
        ({"flows": [{}]}, "flows[0]: own"),
        ({"foreseen": [{}]}, "foreseen[0]: own"),
        ({"expected": [{}]}, "expected[0].id: is missing"),
        ({"settle": -1.0}, "settle: -1.0 is not a number of 0 or more"),
        ({"timeout": 0.0}, "timeout: 0.0 is not a number above 0"),
    ],
)
def test_options_that_it_does_not_understand(answer: Answer, options: dict[str, Any], told: str) -> None:
    got = answer(**options)
    assert got["failed"] and told in got["msg"]


def test_is_documented_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    _got, made = run_main(monkeypatch, observe, {})
    documented = yaml.safe_load(observe.DOCUMENTATION)["options"]
    assert set(documented) == set(made.made_with["argument_spec"])
    for name, option in made.made_with["argument_spec"].items():
        assert documented[name].get("default") == option.get("default"), name
    assert made.made_with["supports_check_mode"]
