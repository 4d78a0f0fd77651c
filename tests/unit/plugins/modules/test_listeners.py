# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.listeners, from its options to its answer, on this very host."""

from __future__ import annotations

import os
import socket

from typing import Any

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.modules import listeners
from ansible_collections.jsa.ports.tests.unit.plugins.modules.standin import run_main


@pytest.fixture
def answer(monkeypatch):
    return lambda **params: run_main(monkeypatch, listeners, params)[0]


@pytest.fixture
def service():
    with socket.socket() as sock:
        sock.bind(("0.0.0.0", 0))
        sock.listen(1)
        yield sock.getsockname()[1]


def item(port: int, bind: str, **more: Any) -> dict[str, Any]:
    return {"id": "it", "service": "It", "protocol": "tcp", "ports": str(port), "bind": bind, "required": True, **more}


@pytest.mark.parametrize(("bind", "status"), [("network", "listening"), ("loopback", "exposed"), ("any", "listening")])
def test_an_expected_service(answer, service: int, bind: str, status: str) -> None:
    got = answer(expected=[item(service, bind, source_classes=["console"])], unlisted=False)
    (result,) = got["results"]
    assert (result["status"], result["ids"], result["bind"]) == (status, ["it"], "network")
    assert os.getpid() in [process["pid"] for process in result["processes"]]
    assert got["summary"] == {"listening": 0, "not_listening": 0, "exposed": 0, "unlisted": 0, status: 1}
    assert got["changed"] is False
    assert "sockets" not in got


def unlisted(got: dict[str, Any]) -> list[str]:
    return [result["ports"] for result in got["results"] if result["status"] == "unlisted"]


def test_a_service_that_nobody_expects(answer, service: int) -> None:
    assert str(service) in unlisted(answer())
    assert str(service) not in unlisted(answer(ignore=[f"{service}/tcp"]))
    assert str(service) not in unlisted(answer(expected=[item(service, "any")]))
    assert answer(unlisted=False)["results"] == []


def test_connections_are_there_when_asked_for(answer, service: int) -> None:
    assert "connections" not in answer()
    with socket.create_connection(("127.0.0.1", service)) as client:
        got = answer(connections=True, port=[f"{service}/tcp"], process=[str(os.getpid())])["connections"]
        # Accepted by nobody yet, the other end belongs to nobody.
        ours = [(row["local_port"], row["remote_port"], row["state"]) for row in got]
        assert ours == sorted([(service, None, "listening"), (client.getsockname()[1], service, "established")])
        assert answer(connections=True, port=[f"{service}/udp"])["connections"] == []


def test_a_choice_among_what_is_not_asked_for(answer) -> None:
    assert "require connections: true" in answer(port=["199"])["msg"]
    assert "port[0]" in answer(connections=True, port=["x"])["msg"]


def test_all_sockets(answer, service: int) -> None:
    (row,) = [row for row in answer(return_sockets=True)["sockets"] if row["port"] == service]
    assert (row["protocol"], row["address"], row["uid"], row["v6only"]) == ("tcp", "0.0.0.0", os.getuid(), None)


def test_mistakes_are_told_before_anything_is_read(answer, monkeypatch) -> None:
    monkeypatch.setattr(listeners, "read_listeners", lambda: pytest.fail("the sockets were read"))
    got = answer(expected=[item(0, "lan")], ignore=["x"])
    assert got["failed"]
    for part in ("expected[0].ports", "expected[0].bind", "ignore[0]"):
        assert part in got["msg"]


def test_a_host_without_proc(answer, monkeypatch) -> None:
    def refuse() -> None:
        raise listeners.TableError("/proc/net shows no socket table")

    monkeypatch.setattr(listeners, "read_listeners", refuse)
    assert answer() == {"failed": True, "msg": "/proc/net shows no socket table"}


def test_check_mode_is_the_same_run(monkeypatch) -> None:
    _answer, stand_in = run_main(monkeypatch, listeners, {})
    assert stand_in.made_with["supports_check_mode"] is True


def service_of(row: dict[str, Any]) -> str:
    return str(row.get("ports") or row.get("port") or row.get("local_port"))


def test_examples_and_samples_are_what_the_module_takes_and_gives(answer, service: int) -> None:
    documented = yaml.safe_load(listeners.RETURN)
    got = answer(expected=[item(service, "network")], return_sockets=True, connections=True)
    assert set(got) == {"changed", *documented}
    for name in ("results", "sockets", "connections"):
        (row, *_rest) = [row for row in got[name] if service_of(row) == str(service)]
        assert set(row) == set(documented[name]["contains"]) == set(documented[name]["sample"][0])
    assert set(got["summary"]) == set(documented["summary"]["sample"])
    for task in yaml.safe_load(listeners.EXAMPLES):
        for expected in task.get("jsa.ports.listeners", {}).get("expected", []):
            if isinstance(expected, dict):
                listeners.read_options([expected], [])
