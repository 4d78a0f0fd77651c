# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The console's tests of connections, against the stand-in: one call per listener and port, paced, and resumable."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.console_transport import UrlTransport
from ansible_collections.jsa.ports.plugins.plugin_utils._console.access import Access
from ansible_collections.jsa.ports.plugins.plugin_utils._console.answers import BusyError
from ansible_collections.jsa.ports.plugins.plugin_utils._console.client import Client
from ansible_collections.jsa.ports.plugins.plugin_utils._console.progress import (
    PROGRESS_AGE,
    dump_progress,
    parse_progress,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._console.reading import read_hosts
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError
from ansible_collections.jsa.ports.plugins.plugin_utils._console.validator import (
    VALIDATOR,
    Call,
    CallKey,
    ManagedHosts,
    Run,
    calls_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.tests.console.faults import Fault
from ansible_collections.jsa.ports.tests.console.server import StandIn

EP1 = "10.0.0.21"


def client(standin: StandIn, timeout: float = 10) -> Client:
    return Client(Access.of(standin.url, standin.token, None, 500), UrlTransport(timeout, True, str(standin.ca_path)))


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def run(standin: StandIn, rate: float = 0, tested: dict[CallKey, dict[int, str]] | None = None) -> tuple[Run, Clock]:
    clock = Clock()
    return Run(client(standin), rate, tested or {}, sleep=clock.sleep, clock=lambda: clock.now), clock


def flow(initiator: str, port: int | None, protocol: str = "tcp") -> ExpectedFlow:
    return ExpectedFlow(initiator, "ep1", EP1, protocol, port, ("x",), "Service", True)


CALLS = [Call((EP1, port), (100, 102)) for port in (22, 32006, 32011, 32012)]


def test_one_call_per_listener_and_port() -> None:
    flows = [
        flow("con1", 22),
        flow("ec1", 22),
        flow("ec1", 32006),
        flow("dn1", 22),
        flow("con1", 514, "udp"),
        flow("con1", None, "icmp"),
    ]
    assert calls_of(flows, {"con1": 100, "ec1": 102}) == [Call((EP1, 22), (100, 102)), Call((EP1, 32006), (102,))]


def test_the_ids_of_hosts(standin: StandIn) -> None:
    standin.deployment.hosts[3]["status"] = "ADDING"
    found = ManagedHosts.of(*read_hosts(client(standin), []))
    assert found.id_of(["10.0.0.1"]) == 100
    # The primary node of the pair is asked by the id of the pair, the other one not at all.
    assert found.id_of(["10.0.0.21"]) == 101
    assert found.id_of(["10.0.0.22"]) is None
    assert "primary node" in found.reason_for(["10.0.0.22"])
    assert "status on the console is ADDING" in found.reason_for(["10.0.0.3"])
    assert "no host with its address" in found.reason_for(["192.0.2.1"])


def test_results(standin: StandIn) -> None:
    standin.reach = {
        (102, EP1, 22): "UNREACHABLE",
        (100, EP1, 32006): "MANAGEDHOST_UNREACHABLE",
        (100, EP1, 32011): "MAYBE",
    }
    tests, _clock = run(standin)
    tests.test(CALLS, lambda: None)
    assert tests.tested == {
        (EP1, 22): {100: "SUCCESS", 102: "UNREACHABLE"},
        (EP1, 32006): {100: "MANAGEDHOST_UNREACHABLE", 102: "SUCCESS"},
        # What is not documented is no result.
        (EP1, 32011): {102: "SUCCESS"},
        (EP1, 32012): {100: "SUCCESS", 102: "SUCCESS"},
    }
    assert standin.asked().count(f"POST {VALIDATOR}") == 4
    assert standin.requests[1].body == {"hostname": EP1, "port": 22, "hosts": [{"id": 100}, {"id": 102}]}


def test_the_pace(standin: StandIn) -> None:
    tests, clock = run(standin, rate=2)
    tests.test(CALLS, lambda: None)
    assert clock.slept == [0.5, 0.5, 0.5]


def test_a_failure_that_passes(standin: StandIn) -> None:
    standin.faults = {VALIDATOR: Fault(status=500, code=1005, times=2)}
    tests, _clock = run(standin)
    tests.test(CALLS, lambda: None)
    assert len(tests.tested) == 4
    assert tests.failed == {}


def test_a_call_that_is_not_accepted_stops_nothing(standin: StandIn) -> None:
    standin.faults = {VALIDATOR: Fault(status=422, code=1001, message="hostname is not valid", times=1)}
    tests, _clock = run(standin)
    tests.test(CALLS, lambda: None)
    assert list(tests.tested) == [call.key for call in CALLS[1:]]
    assert "hostname is not valid" in tests.failed[EP1, 22]


def test_a_call_that_takes_too_long_stops_nothing(standin: StandIn) -> None:
    standin.faults = {VALIDATOR: Fault(delay=2, times=1)}
    tests, _clock = run(standin)
    tests.client = client(standin, 1)
    tests.test(CALLS, lambda: None)
    assert list(tests.tested) == [call.key for call in CALLS[1:]]
    assert "within 1 seconds" in tests.failed[EP1, 22]


def test_a_console_that_fails_stops_the_run_which_goes_on_later(standin: StandIn) -> None:
    standin.faults = {VALIDATOR: Fault(status=500, code=1006, after=1)}
    tests, _clock = run(standin)
    with pytest.raises(BusyError):
        tests.test(CALLS, lambda: None)
    assert list(tests.tested) == [(EP1, 22)]
    text = dump_progress(standin.url, 1000.0, tests.tested)
    found = parse_progress(text, standin.url, 1000.0 + PROGRESS_AGE)
    assert found is not None
    assert (found.started, found.tested) == (1000.0, tests.tested)

    standin.faults, standin.requests = {}, []
    again, _clock = run(standin, tested=found.tested)
    assert again.left(CALLS) == CALLS[1:]
    again.test(CALLS, lambda: None)
    assert len(again.tested) == 4
    assert standin.asked().count(f"POST {VALIDATOR}") == 3


def test_a_wrong_token_stops_at_once(standin: StandIn) -> None:
    tests, _clock = run(standin)
    standin.token = "another"
    with pytest.raises(ConsoleError, match="rejected the token"):
        tests.test(CALLS, lambda: None)


def test_no_right_is_named(standin: StandIn) -> None:
    standin.denied = {VALIDATOR}
    tests, _clock = run(standin)
    with pytest.raises(ConsoleError, match=f"it lacks the rights to POST {VALIDATOR}: give"):
        tests.test(CALLS, lambda: None)


@pytest.mark.parametrize(
    ("url", "now"), [("https://other.example", 1000.0), (None, 1001.0 + PROGRESS_AGE), (None, 999.0)]
)
def test_progress_of_another_time_or_console(standin: StandIn, url: str | None, now: float) -> None:
    text = dump_progress(standin.url, 1000.0, {(EP1, 22): {100: "SUCCESS"}})
    assert parse_progress(text, url or standin.url, now) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [("SUCCESS", "GREAT"), ('"100"', '"x"'), ("22", "0"), ('"version": 1', '"version": 2'), ("{", "")],
)
def test_damaged_progress(standin: StandIn, old: str, new: str) -> None:
    text = dump_progress(standin.url, 1000.0, {(EP1, 22): {100: "SUCCESS"}})
    assert old in text
    with pytest.raises(ConsoleError, match="remove the file to begin again"):
        parse_progress(text.replace(old, new), standin.url, 1000.0)
