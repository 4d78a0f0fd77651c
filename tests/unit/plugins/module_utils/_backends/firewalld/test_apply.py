# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verbs where something goes wrong. Where all goes well, the lab's tests ask a real firewalld."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Wanted
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import CommandError, Status
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import PermanentFiles, ruleset_of
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.inline_sets import without_sets
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import SetSupport
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    EMPTY,
    FirewalldError,
    Rule,
    Ruleset,
)
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_ruleset

NETS = {"ipv4": "ip", "ipv6": "ip6"}
REJECTS = {"ipv4": "icmp", "ipv6": "icmpv6"}


def _match(left: dict[str, Any], right: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": left, "right": right}}


def _kernel_rule(rule: Rule) -> list[dict[str, Any]]:
    found = []
    if rule.source is not None:
        address = rule.source.partition("/")[0]
        found.append(_match({"payload": {"protocol": NETS[str(rule.family)], "field": "saddr"}}, address))
    elif rule.family is not None:
        found.append(_match({"meta": {"key": "nfproto"}}, rule.family))
    assert rule.ports is not None
    ports = rule.ports[0] if rule.ports[0] == rule.ports[1] else {"range": list(rule.ports)}
    found.append(_match({"payload": {"protocol": rule.protocol, "field": "dport"}}, ports))
    if rule.action == ACCEPT:
        return [*found, {"accept": None}]
    return [*found, {"reject": {"type": REJECTS[str(rule.family)], "expr": "admin-prohibited"}}]


def kernel(ruleset: Ruleset) -> list[dict[str, Any]]:
    """What firewalld would load, as nft lists it."""
    rules = [("filter_INPUT", [{"jump": {"target": "filter_INPUT_POLICIES"}}])]
    for policy in ruleset.policies.values():
        rules.append(("filter_INPUT_POLICIES", [{"jump": {"target": f"filter_IN_policy_{policy.name}"}}]))
        rules += [(f"filter_IN_policy_{policy.name}", _kernel_rule(rule)) for rule in policy.rules]
    chains = dict.fromkeys(["filter_INPUT", "filter_INPUT_POLICIES", *(chain for chain, _expr in rules)])
    table: list[dict[str, Any]] = [{"chain": {"name": chain}} for chain in chains]
    table += [{"rule": {"chain": chain, "expr": expression}} for chain, expression in rules]
    for one in ruleset.sets.values():
        table.append({"set": {"name": one.name, "elem": [entry.partition("/")[0] for entry in one.entries]}})
    return table


class FakeClient:
    """A firewalld that loads what is in the files, but for the calls that are told to fail."""

    def __init__(self, files: PermanentFiles) -> None:
        self.files = files
        self.table: list[dict[str, Any]] | None = kernel(ruleset_of(files.read()))
        self.calls: list[str] = []
        self.support = SetSupport(True, True)
        #: What loading would step into.
        self.trap: FirewalldError | None = None
        self.forgotten: list[str] = []
        #: Call -> what happens at its first, second, ... time: an exception, "nothing", or "empty".
        self.trouble: dict[str, list[Any]] = {}

    def _call(self, name: str) -> Any:
        self.calls.append(name)
        planned = self.trouble.get(name, [])
        trouble = planned.pop(0) if planned else None
        if isinstance(trouble, BaseException):
            raise trouble
        return trouble

    def nft_table(self) -> list[dict[str, Any]] | None:
        return self.table

    def iptables(self, prefix: str) -> str:
        return ""

    def program(self, name: str) -> None:
        return None

    def set_support(self) -> SetSupport:
        return self.support

    def keeps_entries(self) -> bool:
        return False

    def require_loadable(self, replaced: Collection[str] = ()) -> None:
        if self.trap is not None:
            raise self.trap

    def forget_sets(self, names: list[str]) -> None:
        self.forgotten += names

    def add_tables(self) -> None:
        self._call("add_tables")

    def check_config(self) -> None:
        self._call("check_config")

    def check_config_offline(self) -> None:
        self._call("check_config_offline")

    def reload(self) -> None:
        trouble = self._call("reload")
        if trouble == "empty":
            self.table = []
        elif trouble is None:
            self.table = kernel(ruleset_of(self.files.read()))

    def change_entries(self, name: str, wanted: tuple[str, ...], add: Any, remove: Any) -> None:
        if self._call("change_entries") is None and self.table is not None:
            for one in self.table:
                if one.get("set", {}).get("name") == name:
                    one["set"]["elem"] = [entry.partition("/")[0] for entry in wanted]


def rules(*peers: str, ports: str = "22") -> Ruleset:
    row = {"protocol": "tcp", "ports": ports, "sources": [f"{peer}/32" for peer in peers], "source_classes": ["ep"]}
    return make_ruleset([row], [], "zone", None)


class Host:
    def __init__(self, root: Path) -> None:
        for folder in ("policies", "ipsets"):
            (root / folder).mkdir()
        self.root = root
        self.files = PermanentFiles(str(root), str(root / "lib"))
        self.client: Any = FakeClient(self.files)

    def content(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    def decide(self, wanted: Ruleset, running: bool = True) -> tuple[verbs.Situation, verbs.Changes]:
        situation = verbs.read(self.client, self.files, running)
        return situation, verbs.decide(self.files, situation, Wanted(render(wanted), wanted))

    def apply(self, wanted: Ruleset, running: bool = True) -> bool:
        situation, changes = self.decide(wanted, running)
        self.client.calls.clear()
        return verbs.apply(self.client, self.files, situation, wanted, changes)

    def runs(self, wanted: Ruleset) -> bool:
        return not verbs.prove(self.client, wanted).any()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


FAILED = CommandError(["firewall-cmd", "--reload"], 1, "COMMAND_FAILED: x")


@pytest.mark.parametrize(
    ("before", "wanted", "calls"),
    [
        pytest.param(EMPTY, rules("10.0.0.3"), ["check_config", "reload"], id="first run"),
        pytest.param(rules("10.0.0.3"), rules("10.0.0.4"), ["change_entries"], id="peers"),
        pytest.param(rules("10.0.0.3"), rules("10.0.0.3", ports="23"), ["check_config", "reload"], id="rules"),
        pytest.param(rules("10.0.0.3"), EMPTY, ["reload"], id="removal"),
    ],
)
def test_no_more_calls_than_needed(host: Host, before: Ruleset, wanted: Ruleset, calls: list[str]) -> None:
    host.apply(before)
    assert host.apply(wanted) == ("reload" in calls)
    assert host.client.calls == calls
    assert host.runs(wanted)
    assert not host.decide(wanted)[1].any()


@pytest.mark.parametrize(
    ("trouble", "calls", "words"),
    [
        pytest.param({"check_config": [FAILED]}, ["check_config", "check_config"], "were not changed$",
                     id="check"),
        pytest.param({"check_config": [FAILED, FAILED]}, ["check_config", "check_config"],
                     "not changed. The site's own configuration does not pass", id="the site's own fault"),
        pytest.param({"reload": [FAILED]}, ["check_config", "reload", "reload"], "were restored and verified",
                     id="reload"),
        pytest.param({"reload": ["empty"]}, ["check_config", "reload", "reload"],
                     "ruleset is empty.*restored and verified", id="firewalld fails open"),
        pytest.param({"reload": ["nothing"]}, ["check_config", "reload", "reload"],
                     "are not as requested: .*restored and verified", id="firewalld says success"),
        pytest.param({"reload": [FAILED, FAILED]}, ["check_config", "reload", "reload"],
                     "Restoring the earlier rules failed as well", id="for good"),
        pytest.param({"reload": ["empty", "empty"]}, ["check_config", "reload", "reload"],
                     "restored and loaded, but the running rules differ", id="empty for good"),
    ],
)  # fmt: skip
def test_a_run_that_fails_restores_and_says_so(
    host: Host, trouble: dict[str, list[Any]], calls: list[str], words: str
) -> None:
    before = rules("10.0.0.3")
    host.apply(before)
    content = host.content()
    host.client.trouble = trouble
    with pytest.raises(verbs.ApplyError, match=words):
        host.apply(rules("10.0.0.3", "10.0.0.4", ports="23"))
    assert host.client.calls == calls
    assert host.content() == content
    if "restored and verified" in words or "not changed" in words:
        assert host.runs(before)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_sets_that_firewalld_cannot_hold_any_more(host: Host, when: str) -> None:
    """What is restored then is the same rules, with addresses: the files with sets would empty the ruleset."""
    before = rules("10.0.0.3")
    host.apply(before)
    host.client.support = SetSupport(False, False)
    wanted = without_sets(rules("10.0.0.4", ports="23"), host.client.support)
    if when == "before":
        assert host.apply(wanted)
        assert set(host.client.forgotten) == {"jsa-ep-4"}
        assert host.runs(wanted)
        return
    host.client.trouble = {"reload": ["empty"]}
    with pytest.raises(verbs.ApplyError, match="restored and verified"):
        host.apply(wanted)
    assert host.runs(without_sets(before, host.client.support))
    assert not list((host.root / "ipsets").iterdir())
    assert set(host.client.forgotten) == {"jsa-ep-4"}


def test_staged_over_sets_that_firewalld_cannot_hold_any_more(host: Host) -> None:
    before = rules("10.0.0.3")
    host.apply(before)
    host.client.support = SetSupport(False, False)
    wanted = without_sets(rules("10.0.0.4", ports="23"), host.client.support)
    situation, changes = host.decide(wanted)
    assert verbs.stage(host.client, host.files, situation, wanted, changes)
    assert host.runs(wanted)
    assert ruleset_of(host.files.read()) == without_sets(before, host.client.support), "and can be loaded"


def test_a_trap_is_seen_before_anything_is_touched(host: Host) -> None:
    before = rules("10.0.0.3")
    host.apply(before)
    content = host.content()
    host.client.trap = FirewalldError("a trap")
    with pytest.raises(verbs.ApplyError, match=r"^a trap\. The earlier files were restored, .* were not changed$"):
        host.apply(EMPTY)
    assert host.content() == content
    assert host.client.calls == ["check_config"], "to say whose fault it is"


def test_a_write_that_fails_halfway_is_undone(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.apply(rules("10.0.0.3"))
    content = host.content()
    rename, count = verbs.os.rename, []

    def failing(old: str, new: str) -> None:
        count.append(new)
        if len(count) == 2:
            raise OSError(30, "Read-only file system")
        rename(old, new)

    monkeypatch.setattr(verbs.os, "rename", failing)
    with pytest.raises(verbs.ApplyError, match=r"Read-only file system.*not changed"):
        host.apply(rules("10.0.0.4", ports="23"))
    assert host.content() == content


def test_an_interruption_is_undone_too(host: Host) -> None:
    before = rules("10.0.0.3")
    host.apply(before)
    content = host.content()
    host.client.trouble = {"reload": [KeyboardInterrupt()]}
    with pytest.raises(KeyboardInterrupt):
        host.apply(rules("10.0.0.4", ports="23"))
    assert host.content() == content
    assert host.runs(before)


@pytest.mark.parametrize("trouble", [FAILED, "nothing"], ids=["refused", "without effect"])
def test_entries_that_firewalld_does_not_take_cost_a_reload(host: Host, trouble: Any) -> None:
    host.apply(rules("10.0.0.3"))
    host.client.trouble = {"change_entries": [trouble]}
    assert host.apply(rules("10.0.0.4"))
    assert host.client.calls == ["change_entries", "reload"]
    assert host.runs(rules("10.0.0.4"))


@pytest.mark.parametrize(
    ("failures", "calls"), [(1, ["reload", "reload"]), (2, ["reload", "reload", "add_tables", "reload"])]
)
def test_rules_that_somebody_flushed_need_another_try(host: Host, failures: int, calls: list[str]) -> None:
    wanted = rules("10.0.0.3")
    host.apply(wanted)
    host.client.table = []
    host.client.trouble = {"reload": [FAILED] * failures}
    changes = host.decide(wanted)[1]
    assert changes.drift
    assert not changes.files.any()
    assert host.apply(wanted)
    assert host.client.calls == calls


def test_drift_is_what_differs_behind_right_files(host: Host) -> None:
    host.apply(rules("10.0.0.3"))
    host.client.table = kernel(rules("10.0.0.3", "192.0.2.1"))
    changes = host.decide(rules("10.0.0.3"))[1]
    assert changes.drift == ("set jsa-ep-4: 0 addresses are missing, 1 are unexpected",)
    assert host.decide(rules("10.0.0.4"))[1].drift == ()


def test_files_that_changed_without_a_reload(host: Host) -> None:
    """Somebody wrote the files of the next plan, or a run died before its reload."""
    host.apply(rules("10.0.0.3"))
    table = host.client.table
    host.apply(rules("10.0.0.3", ports="23"))
    host.client.table = table
    changes = host.decide(rules("10.0.0.3", ports="23"))[1]
    assert not changes.files.any()
    assert changes.reload


def test_other_reasons_for_the_same_rules_need_no_reload(host: Host) -> None:
    host.apply(rules("10.0.0.3"))
    row = {"protocol": "tcp", "ports": "22", "sources": ["10.0.0.3/32"], "source_classes": ["ep"], "why": ["new"]}
    wanted = make_ruleset([row], [], "zone", None)
    assert host.apply(wanted) is False
    assert host.client.calls == ["check_config"]


def test_offline_writes_and_checks(host: Host) -> None:
    assert host.apply(rules("10.0.0.3"), running=False) is False
    assert host.client.calls == ["check_config_offline"]
    content = host.content()
    host.client.trouble = {"check_config_offline": [FAILED]}
    with pytest.raises(verbs.ApplyError, match="not changed"):
        host.apply(rules("10.0.0.4"), running=False)
    assert host.content() == content
    assert not host.decide(rules("10.0.0.3"), running=False)[1].any()


def test_a_name_that_is_taken(host: Host) -> None:
    (host.root / "ipsets" / "jsa-ep-4.xml").write_text("<ipset/>")
    with pytest.raises(FirewalldError, match=r"names that jsa.ports needs: .*jsa-ep-4.xml\. Nothing was written"):
        host.decide(rules("10.0.0.3"))


class Machine:
    """What require_firewalld asks."""

    def __init__(self, programs: tuple[str, ...], status: Status, offline: str = "1.3.3") -> None:
        self.programs = programs
        self._status = status
        self._offline = offline

    def program(self, name: str) -> str | None:
        return name if name in self.programs else None

    def status(self) -> Status:
        return self._status

    def offline_version(self) -> str:
        return self._offline


BOTH = ("firewall-cmd", "firewall-offline-cmd")
STOPPED = Status(False, "", "it is not on the system's message bus")


@pytest.fixture
def units(tmp_path: Path) -> Iterator[tuple[str, ...]]:
    yield (str(tmp_path),)


@pytest.mark.parametrize("version", ["0.9.0", "0.9.3", "1.3.3", "2.0.0-beta", "2.3.1"])
def test_versions_with_policies(units: tuple[str, ...], version: str) -> None:
    machine: Any = Machine(BOTH, Status(True, version, ""))
    assert verbs.require_firewalld(machine, False, units).version == version


@pytest.mark.parametrize(
    ("machine", "offline", "words"),
    [
        (Machine((), STOPPED), False, "not installed on this host: install the package firewalld"),
        (Machine((), STOPPED), True, "not installed"),
        (Machine(BOTH, Status(True, "0.8.2", "")), False, "0.8.2 does not support policies: version 0.9.0 or later"),
        (Machine(BOTH, STOPPED, "0.6.3"), True, "0.6.3 does not support policies"),
        (Machine(BOTH, STOPPED), False, "is not running .*: systemctl .* firewalld, or set jsa_firewall_offline: true"),
    ],
)
def test_a_firewalld_that_cannot_be_worked_with(
    units: tuple[str, ...], machine: Any, offline: bool, words: str
) -> None:
    with pytest.raises(FirewalldError, match=words):
        verbs.require_firewalld(machine, offline, units)


@pytest.mark.parametrize("offline", [False, True])
def test_masked(tmp_path: Path, offline: bool) -> None:
    (tmp_path / "firewalld.service").symlink_to("/dev/null")
    machine: Any = Machine(BOTH, STOPPED)
    with pytest.raises(FirewalldError, match=r"masked.*systemctl unmask firewalld"):
        verbs.require_firewalld(machine, offline, (str(tmp_path),))
    running: Any = Machine(BOTH, Status(True, "1.3.3", ""))
    assert verbs.require_firewalld(running, offline, (str(tmp_path),)).running


def test_offline(units: tuple[str, ...]) -> None:
    machine: Any = Machine(BOTH, STOPPED)
    assert verbs.require_firewalld(machine, True, units) == Status(False, "1.3.3", STOPPED.reason)


def test_a_state_that_is_known_is_not_asked_for_again(units: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where firewalld does not run, the question costs a start of firewall-cmd."""
    machine: Any = Machine(BOTH, STOPPED)
    monkeypatch.setattr(machine, "status", lambda: pytest.fail("asked again"))
    assert verbs.require_firewalld(machine, False, units, known=Status(True, "1.3.3", "")).running
    with pytest.raises(FirewalldError, match="is not running"):
        verbs.require_firewalld(machine, False, units, known=STOPPED)
