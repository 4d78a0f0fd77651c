# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.portmap, from its options to its answer."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap.model import Answer, Service
from ansible_collections.jsa.ports.plugins.modules import portmap
from ansible_collections.jsa.ports.tests.unit.plugins.modules.standin import run_main

BROKER = Answer(
    "ok",
    "",
    (
        Service("jms", "imq", "tcp", 7677, {"protocol": "tcp", "type": "NORMAL"}),
        Service("admin", "imq", "tcp", 43691, {"protocol": "tcp", "type": "ADMIN"}),
    ),
    {
        "broker": "imqbroker",
        "version": "4.4",
        "complete": True,
        "session": "42",
        "restarted": None,
        "without_port": ["jmxrmi"],
    },
)
RPC = Answer("ok", "", (), {"transport": "tcp"})


@pytest.fixture
def answer(monkeypatch):
    monkeypatch.setattr(portmap, "ask_broker", lambda *arguments: BROKER)
    monkeypatch.setattr(portmap, "ask_rpcbind", lambda *arguments: RPC)
    return lambda **params: run_main(monkeypatch, portmap, params)[0]


def test_what_it_returns_is_what_it_documents(answer) -> None:
    documented = yaml.safe_load(portmap.RETURN)
    got = answer()
    assert set(got) == {"changed", *documented}
    assert [service["service"] for service in got["services"]] == ["admin", "jms"]
    assert set(got["services"][0]) == set(documented["services"]["contains"])
    for kind in ("imq", "rpcbind"):
        assert set(got[kind]) == set(documented[kind]["contains"]) == set(documented[kind]["sample"])


def test_only_who_is_to_be_asked_is_asked(answer, monkeypatch) -> None:
    monkeypatch.setattr(portmap, "ask_rpcbind", lambda *arguments: pytest.fail("rpcbind was asked"))
    assert answer(kinds=["imq"])["rpcbind"] is None


def test_all_mistakes_are_told_at_once(answer) -> None:
    got = answer(address="localhost", imq_port=0, rpcbind_port=70000, timeout=0.0, kinds=[])
    assert got["failed"]
    for part in ("address:", "imq_port:", "rpcbind_port:", "timeout:", "kinds:"):
        assert part in got["msg"]


def test_check_mode_is_the_same_run(monkeypatch, answer) -> None:
    assert run_main(monkeypatch, portmap, {})[1].made_with["supports_check_mode"] is True
