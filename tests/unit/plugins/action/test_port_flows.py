# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the steps of check and preflight hand to the hosts, and where they refuse to go on."""

from __future__ import annotations

import json

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.action import port_flows
from ansible_collections.jsa.ports.plugins.plugin_utils._check.texts import read_request
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan, address_of

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors", "dn1": "jsa_data_nodes"}
CON1, EP1 = address_of("con1", GROUPS), address_of("ep1", GROUPS)
PLAN = Plan(GROUPS).plan.as_dict()
TOKEN = "a" * 32

Work = Callable[..., dict[str, Any]]


@pytest.fixture(name="work")
def fixture_work(monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setattr(port_flows, "show", lambda text: None)

    def work(observations: Any = None, alive: list[str] | None = None, **options: Any) -> dict[str, Any]:
        action = port_flows.ActionModule.__new__(port_flows.ActionModule)
        defaults = {name: one.get("default") for name, one in port_flows.ActionModule.ARGUMENT_SPEC.items()}
        task_vars: dict[str, Any] = {"ansible_play_hosts_all": list(GROUPS)}
        if alive is not None:
            task_vars["ansible_play_hosts"] = alive
        return action.work({**defaults, "plan": PLAN, "observations": observations, **options}, task_vars)

    return work


def asked(result: dict[str, Any], option: str) -> dict[str, Any]:
    """One option of each host's request."""
    return {name: read_request(text)[option] for name, text in result["requests"].items()}


def listening(*ports: int) -> dict[str, Any]:
    return {
        "changed": False,
        "results": [
            {
                "protocol": "tcp",
                "ports": str(port),
                "status": "listening",
                "bind": "network",
                "addresses": [],
                "families": ["ipv4", "ipv6"],
            }
            for port in ports
        ],
    }


SOCKETS = {"con1": listening(443, 8080), "ep1": listening(32006), "dn1": listening()}


def sockets_of(probes: list[dict[str, Any]], address: str) -> set[tuple[str, int | None]]:
    return {(one["protocol"], one.get("port")) for one in probes if one["address"] == address}


class TestCheck:
    def test_the_first_step_counts_and_touches_nothing(self, work: Work) -> None:
        full, console = work(), work(scope="console")
        assert full["scope"] == {"name": "full"} and full["left_out"] == 0 < full["flows"]
        assert console["flows"] + console["left_out"] == full["flows"] and console["left_out"] > 0

    def test_the_first_step_asks_for_all_that_is_known_before(self, work: Work) -> None:
        first = work()
        assert set(first["requests"]) == set(GROUPS)
        assert all(
            set(read_request(text)) == {"expected", "rules", "probes", "rate", "foreseen"}
            for text in first["requests"].values()
        )
        queries = [one for one in asked(first, "probes")["con1"] if (one["address"], one.get("port")) == (EP1, 32006)]
        assert queries == [{"address": EP1, "protocol": "tcp", "port": 32006, "open": True, "own": CON1}]
        closed = {one["port"] for own in asked(first, "probes").values() for one in own if one.get("open") is False}
        assert 5432 in closed and 8080 not in closed

    def test_a_request_has_what_the_plan_says_of_the_host(self, work: Work) -> None:
        first = work()
        of_plan = {name: dict(host) for name, host in PLAN["hosts"].items()}
        assert asked(first, "expected") == {name: host.pop("listeners") for name, host in of_plan.items()}
        assert asked(first, "rules") == of_plan

    def test_no_host_is_asked_for_what_the_console_tests(self, work: Work) -> None:
        assert set(work(console_hosts=["con1"])["requests"]) == {"ep1", "dn1"}
        nobody = work(console_hosts=list(GROUPS))
        assert nobody["requests"] == {} and nobody["flows"]

    def test_probes_what_listens_and_what_should(self, work: Work) -> None:
        result = work({"sockets": SOCKETS})
        assert set(result["requests"]) == set(asked(result, "rate")) == set(GROUPS)
        probes = asked(result, "probes")
        assert ("tcp", 32006) in sockets_of(probes["con1"], EP1)
        closed = [one for own in probes.values() for one in own if one.get("port") == 8080]
        assert [one["address"] for one in closed] == [CON1] and closed[0]["recheck"] is False
        # Nobody looked: what is required is probed, and nothing that must stay closed.
        blind = asked(work({}), "probes")
        assert ("tcp", 32006) in sockets_of(blind["con1"], EP1)
        assert not [one for own in blind.values() for one in own if "recheck" in one]

    def test_a_host_that_is_left_to_the_console_does_not_probe(self, work: Work) -> None:
        result = work({"sockets": {**SOCKETS, "con1": {"changed": False, "skipped": True}}})
        assert asked(result, "probes").get("con1", []) == []
        # The others probe it, as nobody looked what listens there.
        assert ("tcp", 443) in sockets_of(asked(result, "probes")["dn1"], CON1)

    def test_a_star_is_slowed_down(self, work: Work) -> None:
        assert asked(work({}, scope="console"), "rate")["ep1"] < asked(work({}), "rate")["con1"] == 200

    def test_a_closer_look_at_what_did_not_get_through(self, work: Work) -> None:
        def answered(name: str, one: dict[str, Any]) -> dict[str, Any]:
            lost = (name, one["address"], one.get("port")) == ("con1", EP1, 32006)
            return {**one, "result": "no_answer" if lost else "open" if one["open"] else "prohibited"}

        sent = asked(work({"sockets": SOCKETS}), "probes")
        probes = {name: {"results": [answered(name, one) for one in own]} for name, own in sent.items()}
        result = work({"sockets": SOCKETS, "probes": probes})
        ends = {"protocol": "tcp", "port": 32006}
        assert asked(result, "flows") == {
            "con1": [{"role": "initiator", "own": CON1, "peer": EP1, **ends}],
            "ep1": [{"role": "listener", "own": EP1, "peer": CON1, **ends}],
        }
        assert not any(asked(result, "probes").values())
        assert set(read_request(result["requests"]["ep1"])) == {"probes", "rate", "flows"}, "the rest is known"

    def test_a_host_without_a_result_is_named(self, work: Work) -> None:
        some = {name: result for name, result in SOCKETS.items() if name != "ep1"}
        with pytest.raises(InputError, match=r"sockets: ep1 has no result of jsa\.ports\.listeners"):
            work({"sockets": some}, alive=list(GROUPS))
        # Ansible has dropped it: the others go on, and the verdicts name it.
        assert asked(work({"sockets": some}, alive=["con1", "dn1"]), "probes")["ep1"]

    def test_a_malformed_answer_costs_nobody_else_a_probe(self, work: Work) -> None:
        broken = {**SOCKETS, "dn1": {"results": [{"ports": "abc"}]}}
        assert work({"sockets": broken})["requests"] == work({"sockets": SOCKETS})["requests"]

    @pytest.mark.parametrize(
        ("observations", "told"),
        [
            ({"socket": {}}, "unknown key 'socket', did you mean sockets"),
            ({"version": 1, "hosts": {}}, "unknown key 'version'"),
        ],
    )
    def test_other_observations_are_refused(self, work: Work, observations: Any, told: str) -> None:
        with pytest.raises(InputError) as caught:
            work(observations)
        assert told in str(caught.value)

    @pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
    def test_a_rate_that_is_none(self, work: Work, rate: float) -> None:
        with pytest.raises(AnsibleActionFail, match="jsa_port_check_rate"):
            work(rate=rate)

    def test_new_verdicts_need_a_baseline(self, work: Work, tmp_path: Path) -> None:
        with pytest.raises(AnsibleActionFail, match="jsa_port_check_baseline is not"):
            work(fail_on_new=True)
        (tmp_path / "b.json").write_text(json.dumps({"version": 1, "verdicts": []}))
        assert work(fail_on_new=True, baseline=str(tmp_path / "b.json"))["flows"]

    def test_a_damaged_plan_is_told_by_its_place(self, work: Work) -> None:
        hosts = {**PLAN["hosts"], "ep1": {**PLAN["hosts"]["ep1"], "addresses": ["x"]}}
        with pytest.raises(InputError, match=r"plan\.hosts\.ep1\.addresses\[0\]"):
            work(plan={**PLAN, "hosts": hosts})


class TestPreflight:
    STARTED = {"listening": [{"protocol": "tcp", "port": 32006, "families": ["ipv4"]}], "in_use": [], "not_bound": [],
               "networks": []}  # fmt: skip
    NOTHING = {**STARTED, "listening": []}

    def test_expects_the_listeners_that_stand(self, work: Work) -> None:
        listeners = {"con1": self.NOTHING, "ep1": self.STARTED, "dn1": self.NOTHING}
        probes = work({"listeners": listeners}, purpose="preflight", token=TOKEN)["probes"]
        expecting = {(one["address"], one["port"]): one["expect"] for one in probes["con1"] if "expect" in one}
        assert expecting == {(EP1, 32006): f"{TOKEN} ep1"}
        assert len(probes["con1"]) > 1

    def test_a_host_on_which_nothing_can_listen_still_probes(self, work: Work) -> None:
        failed = {"failed": False, "msg": "no space left"}
        listeners = {"con1": failed, "ep1": self.STARTED, "dn1": self.NOTHING}
        assert work({"listeners": listeners}, purpose="preflight", token=TOKEN)["probes"]["con1"]

    def test_needs_the_runs_token(self, work: Work) -> None:
        with pytest.raises(AnsibleActionFail, match="token is missing"):
            work({}, purpose="preflight")

    def test_names_a_host_without_a_result(self, work: Work) -> None:
        with pytest.raises(InputError, match=r"listeners: dn1 has no result of jsa\.ports\.preflight"):
            work({"listeners": {"con1": self.NOTHING, "ep1": self.STARTED}}, purpose="preflight", token=TOKEN)
