# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.outward, from its options to its answer."""

from __future__ import annotations

import socket

from typing import Any

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.modules import outward
from ansible_collections.jsa.ports.tests.unit.plugins.modules.standin import run_main


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_what_it_returns_is_what_it_documents(monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
    target = {"kind": "smtp", "host": "127.0.0.1", "port": closed_port}
    got, stand_in = run_main(monkeypatch, outward, {"targets": [target]})
    documented = yaml.safe_load(outward.RETURN)
    # The action plugin adds the rest to what it prints.
    assert set(got) == {"changed", *documented} - {"failures", "left_out"}
    (result,) = got["results"]
    assert set(result) == set(documented["results"]["contains"]) == set(documented["results"]["sample"][0])
    assert (result["result"], got["summary"]) == ("refused", {"refused": 1})
    assert stand_in.made_with["supports_check_mode"] is True
    assert stand_in.made_with["argument_spec"]["proxy"]["no_log"] is True


def test_all_mistakes_are_told_at_once_and_nobody_is_contacted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward, "contact", lambda *arguments: pytest.fail("somebody was contacted"))
    params: dict[str, Any] = {
        "targets": [{"kind": "gopher", "host": "a"}],
        "proxy": "socks://u:secret@p:1",
        "ca_file": "/nowhere.pem",
        "timeout": -1.0,
    }
    got = run_main(monkeypatch, outward, params)[0]
    assert got["failed"]
    for part in ("timeout:", "proxy:", "ca_file: /nowhere.pem", "targets[0]: kind: 'gopher'"):
        assert part in got["msg"]
    assert "secret" not in got["msg"]


def test_the_module_alone_needs_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    got = run_main(monkeypatch, outward, {"targets": None})[0]
    assert got["failed"] and "targets: is missing" in got["msg"]


def test_examples_are_what_the_module_takes() -> None:
    tasks = [task["jsa.ports.outward"] for task in yaml.safe_load(outward.EXAMPLES) if "jsa.ports.outward" in task]
    assert [len(outward.read_targets(task["targets"])) for task in tasks if "targets" in task] == [4]
