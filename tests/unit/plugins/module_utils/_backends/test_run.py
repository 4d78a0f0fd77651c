# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one run: what it hands over, refuses and returns, on a host whose firewalld does not run and on an appliance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends import run as running
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.apply import Host
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.backend import ApplianceBackend
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.files import Files
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import LastResult, State
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import defense
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.backend import FirewalldBackend
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Status
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import PermanentFiles
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.loadable import Verdict
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import SetSupport
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import Seen, Traffic
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.ports import NO_PORTS
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.table import Held, TableError
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._observe.traffic.nft import Nft

ROW = {"protocol": "tcp", "ports": "32006", "sources": ["10.0.0.3/32"], "source_classes": ["ep"]}
RULES: dict[str, Any] = {"inbound": [ROW], "refused": []}
PARAMS = {
    "backend": "auto",
    "state": "present",
    "rules": RULES,
    "steps": 1,
    "reload": "needed",
    "offline": True,
    "update_timeout": 120,
    "require_controller": True,
    "ssh_port": None,
    "keep_controllers": 3,
    "respect_denials": False,
    "learned": "ignore",
    "refuse": "enforce",
    "verify_identity": True,
    "new_connection": True,
    "confirm_timeout": 60,
    "phase": "apply",
}
CONNECTION = SSHConnection("10.0.0.250", 2222)


class Module:
    """What of AnsibleModule a run uses."""

    def __init__(self, check_mode: bool = False, diff: bool = False, **params: Any) -> None:
        self.params = {**PARAMS, **params}
        self.check_mode = check_mode
        self._diff = diff
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class Stopped:
    """A firewalld that does not run, so that files are all there is."""

    def __init__(self, version: str = "1.3.3") -> None:
        self.version = version
        self.checked = 0
        self.nft = Nft(there=False)

    def program(self, name: str) -> str | None:
        return self.nft.program(name)

    def run(self, name: str, *arguments: str, **options: Any) -> str:
        return self.nft.run(name, *arguments, **options)

    def status(self) -> Status:
        return Status(False, "", "not running")

    def offline_version(self) -> str:
        return self.version

    def set_support(self) -> SetSupport:
        return SetSupport(True, True)

    def check_config_offline(self) -> None:
        self.checked += 1


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> State:
    state = State(str(tmp_path / "state"), str(tmp_path / "armed"))
    monkeypatch.setattr(running, "state_of", lambda name: state)
    # What it finds out has tests of its own, with a real firewalld.
    monkeypatch.setattr(defense, "Loadable", NoTrial)
    monkeypatch.setattr(running, "lock_path", lambda name: str(tmp_path / "lock"))
    return state


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> Callable[[SSHConnection | None], None]:
    def comes_through(connection: SSHConnection | None) -> None:
        monkeypatch.setattr(running, "find_ssh_connection", lambda: connection)

    comes_through(CONNECTION)
    # Whatever this machine has.
    monkeypatch.setattr(running, "own_addresses", lambda: ["10.0.0.1", "fd00::1"])
    return comes_through


class NoTrial:
    """Files that can be loaded."""

    def __init__(self, *arguments: object) -> None:
        pass

    def begin(self, mine: object, texts: object) -> None:
        pass

    def verdict(self) -> Verdict:
        return Verdict([], "")

    def end(self) -> None:
        pass


class Firewalld:
    """A host without a running firewalld."""

    def __init__(self, root: Path, state: State) -> None:
        self.state = state
        self.files = PermanentFiles(str(root / "etc"), str(root / "lib"))
        self.client: Any = Stopped()

    def run(self, module: Module | None = None, **params: Any) -> dict[str, Any]:
        respects = params.get("respect_denials", False)

        def select(choice: str, options: Any) -> FirewalldBackend:
            assert options.respect_denials == respects
            return FirewalldBackend(self.client, self.files, self.state, options.reload, options.offline)

        result: dict[str, Any] = running.run(module or Module(**params), select)
        return result


@pytest.fixture
def firewalld(tmp_path: Path, state: State) -> Firewalld:
    return Firewalld(tmp_path, state)


def test_no_connection_nothing_written(firewalld: Firewalld, connection: Callable[[None], None]) -> None:
    connection(None)
    with pytest.raises(FirewallError, match="require_controller: false"):
        firewalld.run()
    assert firewalld.files.read() == {}
    assert firewalld.run(require_controller=False, respect_denials=True)["controller"] is None


def test_removal_and_going_back_need_no_connection(firewalld: Firewalld, connection: Callable[[None], None]) -> None:
    firewalld.run()
    connection(None)
    assert firewalld.run(state="previous")["changed"]
    assert firewalld.files.read() == {}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"steps": 0}, "steps: 0 is less than 1"),
        ({"confirm_timeout": -1}, "confirm_timeout: -1 is less than 0"),
        ({"update_timeout": 0}, "update_timeout: 0 is less than 1"),
        ({"rules": {**RULES, "inbound": [{**ROW, "ports": "0"}]}}, r"rules\.inbound\[0\]\.ports"),
    ],
)
def test_mistakes_come_before_anything_else(params: dict[str, Any], words: str) -> None:
    def select(choice: str, options: Any) -> Any:
        raise AssertionError("the host was looked at")

    with pytest.raises(FirewallError, match=words):
        running.run(Module(**params), select)


def test_the_least_values_are_taken(firewalld: Firewalld) -> None:
    assert firewalld.run(steps=1, confirm_timeout=0, update_timeout=1, keep_controllers=1)["changed"]


@pytest.mark.parametrize("new_connection", [False, True])
@pytest.mark.parametrize("come", [CONNECTION, None])
def test_what_a_confirmation_has_to_know(
    monkeypatch: pytest.MonkeyPatch, come: SSHConnection | None, new_connection: bool
) -> None:
    """Who staged the rules, through which session, and whom they let in."""
    staged: list[tuple[Any, ...]] = []

    def stage(host: Any, candidate: Any, seconds: int, origin: Any, arm: Callable[[str], None]) -> tuple[Any, bool]:
        staged.append((candidate, seconds, origin.controller, origin.session, list(origin.controllers)))
        arm("id")
        return SimpleNamespace(id="id"), True

    armed: list[Any] = []
    monkeypatch.setattr(running.confirming, "stage", stage)
    monkeypatch.setattr(running.timer, "session", lambda: "10.0.0.250 50001 10.0.0.1 22")
    monkeypatch.setattr(running.timer, "arm", lambda *arguments: armed.append(arguments))
    monkeypatch.setattr(running.timer, "command", lambda state: ["timer"])
    backend = SimpleNamespace(programs="programs", candidate=lambda *change: change)
    host: Any = SimpleNamespace(backend=backend, state=None)
    values: Any = ("situation", "wanted", "decision")
    change = running._Change(*values, come, ["10.0.0.250", "10.0.0.251"])
    told = running._stage({"confirm_timeout": 60, "new_connection": new_connection}, host, change)
    assert told == ({"id": "id", "seconds": 60, "command": ["timer"]}, True)
    session = "10.0.0.250 50001 10.0.0.1 22" if new_connection else None
    assert staged == [(values, 60, come.address if come else None, session, ["10.0.0.250", "10.0.0.251"])]
    assert armed == [("programs", host, "id")]


def test_a_host_without_firewalld_has_nothing_to_remove(firewalld: Firewalld) -> None:
    result = firewalld.run(state="absent", offline=False)
    assert (result["changed"], result["reloaded"], result["version"]) == (False, False, None)
    assert set(result) == set(firewalld.run()), "every result has the same keys"


def test_a_host_that_never_had_rules_has_none_to_go_back_to(firewalld: Firewalld) -> None:
    result = firewalld.run(state="previous", offline=False)
    assert (result["changed"], result["version"]) == (False, None)
    firewalld.run()
    with pytest.raises(FirewallError, match="is not running"):
        firewalld.run(state="previous", offline=False)


def test_files_of_ours_are_not_forgotten_where_firewalld_does_not_run(firewalld: Firewalld) -> None:
    firewalld.run()
    with pytest.raises(FirewallError, match="is not running"):
        firewalld.run(state="absent", offline=False)
    assert firewalld.files.read()
    assert firewalld.run(state="absent")["changed"]
    assert firewalld.files.read() == {}


@pytest.mark.parametrize("diff", [False, True])
@pytest.mark.parametrize("phase", ["apply", "stage"])
def test_check_mode_predicts_the_run(firewalld: Firewalld, diff: bool, phase: str) -> None:
    """Where firewalld does not run there is nothing to try, so nobody has to confirm it."""
    predicted = firewalld.run(Module(check_mode=True, diff=diff))
    assert firewalld.files.read() == {}
    assert firewalld.client.checked == 0
    done = firewalld.run(Module(diff=diff, phase=phase))
    assert done == predicted
    assert done["changed"]
    assert (done["backend"], done["version"], done["ipv6"]) == ("firewalld", "1.3.3", "written")
    assert done["actions"]["created"] == ["jsa-ep-4", "jsa-in", "jsa-management-4", "jsa-management-6"]
    assert done["controller"] == {"address": "10.0.0.250", "port": 2222}
    assert "lacks in the files, set jsa-management-4: 10.0.0.250/32" in done["differences"]
    assert ("diff" in done) == diff
    assert firewalld.client.checked == 1
    again = firewalld.run(Module(diff=diff))
    assert not again["changed"]
    assert again["differences"] == []
    assert again["actions"] == {"created": [], "changed": [], "removed": [], "entries": {}}


def test_present_absent_and_back(firewalld: Firewalld, state: State) -> None:
    firewalld.run()
    result = firewalld.run(state="absent")
    assert result["actions"]["removed"] == ["jsa-ep-4", "jsa-in", "jsa-management-4", "jsa-management-6"]
    assert result["actions"]["entries"]["jsa-ep-4"] == {"added": [], "removed": ["10.0.0.3/32"]}
    assert firewalld.files.read() == {}
    assert [commit.controller for commit in state.history()] == [None, "10.0.0.250", "10.0.0.250"]
    assert firewalld.run(state="previous")["actions"]["created"] == result["actions"]["removed"]


def test_management_addresses_and_their_port(firewalld: Firewalld) -> None:
    firewalld.run(rules={**RULES, "management_addresses": ["192.0.2.0/24"]}, ssh_port=2022)
    found = {path: one.text for path, one in firewalld.files.read().items()}
    assert "<entry>192.0.2.0/24</entry>" in found["ipsets/jsa-management-4.xml"]
    assert "<entry>10.0.0.250/32</entry>" in found["ipsets/jsa-management-4.xml"]
    assert 'port="2022"' in found["policies/jsa-in.xml"]


def test_a_policy_that_decides_before_ours_is_told(firewalld: Firewalld) -> None:
    folder = Path(firewalld.files.etc) / "policies"
    folder.mkdir(parents=True)
    (folder / "site.xml").write_text('<policy priority="-200"><egress-zone name="HOST"/></policy>')
    module = Module()
    firewalld.run(module)
    assert ["site" in warning for warning in module.warnings] == [True]


def test_a_rollback_that_nobody_has_seen_is_told_once(firewalld: Firewalld, state: State) -> None:
    state.set_last_result(LastResult("1", "2026-01-31T12:00:00Z", "10.0.0.9", "too late", "It is back", False))
    told = {"time": "2026-01-31T12:00:00Z", "controller": "10.0.0.9", "why": "too late", "outcome": "It is back"}
    for module in (Module(check_mode=True), Module()):
        assert firewalld.run(module)["rolled_back"] == told
        assert module.warnings == [
            "Rules that 10.0.0.9 had loaded were rolled back at 2026-01-31T12:00:00Z: too late. It is back"
        ]
    assert "rolled_back" not in firewalld.run()


def test_what_leaves_is_not_restricted_where_that_holds_back_answers(firewalld: Firewalld) -> None:
    rules = {**RULES, "outbound": []}
    firewalld.client = Stopped("0.9.3")
    for state in ("present", "previous"):
        with pytest.raises(FirewallError, match=r"0\.9\.3 on this host also rejects replies.* Unset jsa_firewall_rest"):
            firewalld.run(rules=rules, state=state)
        if state == "present":
            assert firewalld.files.read() == {}
        firewalld.client = Stopped()
        firewalld.run(rules=rules)
        firewalld.run()
        firewalld.client = Stopped("0.9.3")


class Product:
    """An appliance's programs: the product loads what its files say."""

    update_program = "/bin/update"

    def __init__(self) -> None:
        self.files: Files | None = None
        self.live = ""
        self.there = True
        self.nft = Nft(there=False)

    def version(self) -> str:
        return "1.8.4"

    def program(self, name: str) -> str | None:
        if name == "nft":
            return self.nft.program(name)
        return name if self.there else None

    def run(self, name: str, *arguments: str, **options: Any) -> str:
        return self.nft.run(name, *arguments, **options)

    def rules(self, family: str) -> str:
        return f"*filter\n:INPUT ACCEPT [0:0]\n{self.live}COMMIT\n"

    def update(self) -> None:
        assert self.files is not None
        self.live = "".join(self.files.bodies(["iptables.pre", "iptables.post"]).values())

    def quiet(self) -> None:
        pass


class Appliance:
    def __init__(self, root: Path) -> None:
        (root / "conf").mkdir()
        (root / "conf" / "iptables.pre").write_text("# the site's\n")
        self.product: Any = Product()
        self.files = Files(str(root / "conf"), {"ipv4": str(root / "v4"), "ipv6": str(root / "v6")})
        self.product.files = self.files

    def text(self) -> str:
        text: str = self.files.text("iptables.pre") or ""
        return text

    def run(self, module: Module | None = None, **params: Any) -> dict[str, Any]:
        def select(choice: str, options: Any) -> ApplianceBackend:
            return ApplianceBackend(Host(self.product, self.files))

        result: dict[str, Any] = running.run(module or Module(**params), select)
        return result


@pytest.fixture
def appliance(tmp_path: Path) -> Appliance:
    return Appliance(tmp_path)


def test_the_same_run_on_an_appliance(appliance: Appliance) -> None:
    predicted = appliance.run(Module(check_mode=True, diff=True))
    assert appliance.text() == "# the site's\n"
    done = appliance.run(Module(diff=True))
    assert done == predicted
    assert (done["backend"], done["version"]) == ("appliance", "1.8.4")
    assert done["actions"] == {"created": ["iptables.pre"], "changed": [], "removed": [], "entries": {}}
    assert any(line.startswith("lacks in the running rules, rules for IPv4: -A INPUT -s 10.0.0.3/32") for line in
               done["differences"])  # fmt: skip
    again = appliance.run()
    assert (again["changed"], again["differences"], again["reloaded"]) == (False, [], False)
    appliance.product.live = "\n".join([*reversed(appliance.product.live.splitlines()), ""])
    (drift,) = appliance.run(Module(check_mode=True))["differences"]
    assert drift == (
        "has in the running rules, rules for IPv4: IPv4: the rules are loaded in another order, or more than once"
    )
    assert appliance.run(state="absent")["changed"]
    assert appliance.text() == "# the site's\n"
    assert appliance.run(state="previous")["changed"]


def test_an_appliance_that_never_had_rules_has_none_to_go_back_to(appliance: Appliance) -> None:
    assert not appliance.run(state="previous")["changed"]


def test_what_an_appliance_cannot_express(appliance: Appliance) -> None:
    with pytest.raises(FirewallError) as error:
        appliance.run(rules={**RULES, "outbound": []})
    assert str(error.value) == (
        "jsa_firewall_restrict_outbound restricts what this host may contact, but the product's own files on an "
        "appliance support inbound rules only. Unset jsa_firewall_restrict_outbound for this host. "
        "Nothing was written"
    )
    assert appliance.text() == "# the site's\n"


def test_rules_that_the_product_cannot_load(appliance: Appliance) -> None:
    appliance.product.there = False
    with pytest.raises(FirewallError, match="/bin/update is missing") as error:
        appliance.run()
    assert "Rules of ours" not in str(error.value)
    appliance.product.there = True
    appliance.run()
    appliance.product.there = False
    with pytest.raises(FirewallError, match=r"Rules of jsa.ports are in .*iptables\.pre"):
        appliance.run(state="absent")
    assert not appliance.run()["changed"]


class TestIdentity:
    """The rules of another host, and a connection that proves nothing, change nothing."""

    def test_rules_of_another_host(self, firewalld: Firewalld) -> None:
        rules = {**RULES, "addresses": ["10.0.0.2", "192.0.2.2"]}
        with pytest.raises(FirewallError) as caught:
            firewalld.run(rules=rules)
        message = str(caught.value)
        assert "the plan has 10.0.0.2, 192.0.2.2 for it, and this host has 10.0.0.1, fd00::1" in message
        assert "Nothing was written" in message and "set jsa_firewall_verify_identity: false" in message
        assert firewalld.files.read() == {}
        assert firewalld.run(rules=rules, verify_identity=False)["changed"]

    @pytest.mark.parametrize("addresses", [["10.0.0.1"], ["198.51.100.1", "10.0.0.1"], ["fd00:0::1"], []])
    def test_one_address_in_common_is_enough(self, firewalld: Firewalld, addresses: list[str]) -> None:
        assert firewalld.run(rules={**RULES, "addresses": addresses})["changed"]

    def test_what_nat_makes_of_the_addresses_is_no_proof(self, firewalld: Firewalld) -> None:
        public = {"nat_group": "branch", "public_addresses": ["10.0.0.1"]}
        with pytest.raises(FirewallError, match="belongs into jsa_public_address"):
            firewalld.run(rules={**RULES, "addresses": ["10.0.0.2"], **public})
        own = {"nat_group": "branch", "public_addresses": ["198.51.100.1"], "virtual_addresses": ["10.0.0.9"]}
        assert firewalld.run(rules={**RULES, "addresses": ["10.0.0.1"], **own})["changed"]

    def test_a_kernel_that_does_not_tell(self, firewalld: Firewalld, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(running, "own_addresses", lambda: None)
        assert firewalld.run(rules={**RULES, "addresses": ["10.0.0.2"]})["changed"]

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "fd00::1"])
    def test_a_session_from_the_host_itself(
        self, firewalld: Firewalld, connection: Callable[[SSHConnection | None], None], address: str
    ) -> None:
        connection(SSHConnection(address, 22))
        with pytest.raises(FirewallError, match=r"comes from the host itself .* jsa_firewall_management_addresses"):
            firewalld.run()
        assert firewalld.files.read() == {}
        assert firewalld.run(rules={**RULES, "management_addresses": ["192.0.2.0/24"]})["changed"]


class TestEarlierControllers:
    def controllers(self, result: dict[str, Any]) -> list[str]:
        return [result["controller"]["address"], *result["earlier_controllers"]]

    def come(
        self, firewalld: Firewalld, connection: Callable[[SSHConnection | None], None], last: int, **more: Any
    ) -> list[str]:
        connection(SSHConnection(f"192.0.2.{last}", 22))
        return self.controllers(firewalld.run(**more))

    def test_the_last_three_are_kept(
        self, firewalld: Firewalld, connection: Callable[[SSHConnection | None], None]
    ) -> None:
        assert [self.come(firewalld, connection, last) for last in (1, 2, 3, 4)] == [
            ["192.0.2.1"],
            ["192.0.2.2", "192.0.2.1"],
            ["192.0.2.3", "192.0.2.2", "192.0.2.1"],
            ["192.0.2.4", "192.0.2.3", "192.0.2.2"],
        ]
        text = "".join(str(found) for name, found in firewalld.files.read().items() if "management" in name)
        assert [last for last in range(1, 5) if f"192.0.2.{last}" in text] == [2, 3, 4]

    def test_who_comes_back_changes_nothing(
        self, firewalld: Firewalld, connection: Callable[[SSHConnection | None], None]
    ) -> None:
        for last in (1, 2):
            self.come(firewalld, connection, last)
        connection(SSHConnection("192.0.2.1", 22))
        assert not firewalld.run()["changed"]

    def test_rules_that_are_removed_let_nobody_in(
        self, firewalld: Firewalld, connection: Callable[[SSHConnection | None], None], state: State
    ) -> None:
        for last in (1, 2):
            self.come(firewalld, connection, last)
        assert state.history()[-1].controllers == ["192.0.2.2", "192.0.2.1"]
        assert self.come(firewalld, connection, 3, state="absent") == ["192.0.2.3"]
        assert state.history()[-1].controllers == ["192.0.2.3"]

    def test_one_forgets_the_others(
        self, firewalld: Firewalld, connection: Callable[[SSHConnection | None], None]
    ) -> None:
        self.come(firewalld, connection, 1)
        assert self.come(firewalld, connection, 2, keep_controllers=1) == ["192.0.2.2"]
        with pytest.raises(FirewallError, match="keep_controllers: 0 is less than 1"):
            firewalld.run(keep_controllers=0)

    def test_what_is_kept_does_not_depend_on_how_many_states_are_remembered(
        self, firewalld: Firewalld, connection: Callable[[SSHConnection | None], None]
    ) -> None:
        """A host remembers five states: a sixth must not make an unchanged run change something."""
        self.come(firewalld, connection, 1)
        for port in range(6):
            rules = {"inbound": [{**ROW, "ports": str(1000 + port)}], "refused": []}
            assert self.come(firewalld, connection, 2, rules=rules) == ["192.0.2.2", "192.0.2.1"]
            assert not firewalld.run(rules=rules)["changed"]


class TestWhoIsConnected:
    """A change that would refuse somebody who is connected."""

    #: A stranger on a port of the plan, one of the plan, and one on a port that is no matter of it.
    PEERS = (("203.0.113.9", "tcp", 32006), ("10.0.0.3", "tcp", 32006), ("203.0.113.9", "tcp", 8080))

    @pytest.fixture(autouse=True)
    def peers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(running, "read_peers", lambda: list(self.PEERS))

    def test_is_told_before_anything_changes(self, firewalld: Firewalld) -> None:
        for check_mode in (True, False):
            module = Module(check_mode=check_mode, learned="warn")
            result = firewalld.run(module)
            assert result["refused_peers"] == [{"peer": "203.0.113.9", "protocol": "tcp", "port": 32006}]
            (warning,) = [text for text in module.warnings if "Connections are open" in text]
            assert "tcp 32006 from 203.0.113.9. They stay open" in warning
        # What holds already is not told again.
        module = Module(learned="warn")
        result = firewalld.run(module)
        assert not result["changed"] and result["refused_peers"] == []
        assert not any("Connections are open" in text for text in module.warnings)

    @pytest.mark.parametrize("check_mode", [True, False])
    def test_ends_the_run_where_that_is_wished(self, firewalld: Firewalld, check_mode: bool) -> None:
        with pytest.raises(FirewallError, match=r"tcp 32006 from 203\.0\.113\.9\. .*jsa_firewall_learned is fail"):
            firewalld.run(Module(check_mode=check_mode, learned="fail"))
        assert firewalld.files.read() == {}

    def test_is_nobody_s_matter_where_that_is_wished(
        self, firewalld: Firewalld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(running, "read_peers", lambda: 1 / 0)
        assert firewalld.run(learned="ignore")["changed"]

    def test_a_controller_stays(self, firewalld: Firewalld, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(running, "read_peers", lambda: [(CONNECTION.address, "tcp", CONNECTION.port)])
        rules = {**RULES, "refused": [{"protocol": "tcp", "ports": str(CONNECTION.port)}]}
        assert firewalld.run(Module(learned="fail", rules=rules))["changed"]

    def test_what_cannot_be_read_fails_only_where_it_has_to_be_known(
        self, firewalld: Firewalld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unreadable() -> None:
            raise running.TableError("/proc/net has no socket table")

        monkeypatch.setattr(running, "read_peers", unreadable)
        with pytest.raises(FirewallError, match=r"could not be read: /proc/net .*Nothing was changed"):
            firewalld.run(learned="fail")
        module = Module(learned="warn")
        assert firewalld.run(module)["changed"]
        assert any("could not be read" in text for text in module.warnings)

    def test_removal_refuses_nobody(self, firewalld: Firewalld) -> None:
        firewalld.run()
        assert firewalld.run(state="absent", learned="fail")["refused_peers"] == []


class TestWhoWasRecorded:
    """A change that would refuse somebody whom a table has recorded."""

    @pytest.fixture(autouse=True)
    def recorded(self, firewalld: Firewalld, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(running, "read_peers", lambda: [("203.0.113.8", "tcp", 32006)])
        firewalld.client.nft = Nft()
        seen = tuple(Seen(peer, "tcp", 32006, 3, 1764504000) for peer in ("203.0.113.8", "203.0.113.9", "10.0.0.3"))
        held = Held(1, True, 100, 30, NO_PORTS, Traffic(seen, ()), 0, True)
        monkeypatch.setattr(running.recordings.table, "read", lambda programs, now: held)

    def test_is_told_before_anything_changes_and_apart_from_who_is_connected(self, firewalld: Firewalld) -> None:
        for check_mode in (True, False):
            module = Module(check_mode=check_mode, learned="warn")
            result = firewalld.run(module)
            assert [one["peer"] for one in result["refused_peers"]] == ["203.0.113.8"]
            (told,) = result["refused_recorded"]
            assert [told[key] for key in ("peer", "protocol", "port", "connections")] == [
                "203.0.113.9", "tcp", 32006, 3,
            ]  # fmt: skip
            (warning,) = [text for text in module.warnings if "The record of this host" in text]
            assert "tcp 32006 from 203.0.113.9. To accept them" in warning
        assert firewalld.run(learned="fail")["refused_recorded"] == [], "nothing changes"

    def test_ends_the_run_where_that_is_wished(self, firewalld: Firewalld, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(running, "read_peers", list)
        with pytest.raises(FirewallError, match=r"contains sources .* 203\.0\.113\.9\. .*jsa_firewall_learned is fail"):
            firewalld.run(Module(learned="fail"))
        assert firewalld.files.read() == {}

    def test_whom_the_rules_refuse_already_is_no_news(self, firewalld: Firewalld) -> None:
        """An enforced host that many strangers knock at."""
        firewalld.run(learned="ignore")
        rules = {**RULES, "refused": [{"protocol": "tcp", "ports": "80"}]}
        assert firewalld.run(Module(learned="warn", rules=rules))["refused_recorded"] == []

    def test_a_record_that_cannot_be_read(self, firewalld: Firewalld, monkeypatch: pytest.MonkeyPatch) -> None:
        def unreadable(programs: Any, now: float) -> None:
            raise TableError("the answer of nft cannot be read")

        monkeypatch.setattr(running.recordings.table, "read", unreadable)
        with pytest.raises(FirewallError, match=r"The record of who contacts .* could not be read: .*Nothing was"):
            firewalld.run(learned="fail")
        module = Module(learned="warn")
        assert firewalld.run(module)["changed"]
        assert any("could not be read" in text for text in module.warnings)


class TestNotEnforced:
    """Rules that only log what they would refuse."""

    @pytest.fixture(params=["firewalld", "appliance"], name="machine")
    def fixture_machine(self, request: pytest.FixtureRequest, tmp_path: Path, state: State) -> Any:
        machine: Any = Firewalld(tmp_path, state) if request.param == "firewalld" else Appliance(tmp_path)
        self.host(machine).nft = Nft()
        return machine

    @staticmethod
    def host(machine: Any) -> Any:
        return machine.client if isinstance(machine, Firewalld) else machine.product

    def tables(self, machine: Any) -> list[str]:
        return list(self.host(machine).nft.tables)

    def said(self, module: Module, part: str) -> list[str]:
        return [text for text in module.warnings if part in text]

    def test_there_and_back(self, machine: Any) -> None:
        for check_mode in (True, False):
            module = Module(check_mode=check_mode, refuse="log", learned="fail")
            result = machine.run(module)
            assert (result["changed"], result["refuse"]) == (True, "log")
            assert len(self.said(module, "This host is not enforced")) == 1
            assert not self.said(module, "are removed"), "nothing was closed before"
            assert self.tables(machine) == ([] if check_mode else ["jsa_ports_staged"])
        module = Module(refuse="log")
        assert not machine.run(module)["changed"]
        assert self.said(module, "This host is not enforced: its rules reject nothing (jsa_firewall_refuse: log)")
        assert self.said(module, "(tcp 32006). What of it is accepted is recorded since 20")

        self.host(machine).nft.record("jsa_ports_staged", "inbound_ipv4", "203.0.113.9", "tcp", 32006)
        module = Module(learned="warn")
        result = machine.run(module)
        assert (result["changed"], result["refuse"], self.tables(machine)) == (True, "enforce", [])
        assert [one["peer"] for one in result["refused_recorded"]] == ["203.0.113.9"]
        assert not self.said(module, "not enforced")
        assert not machine.run()["changed"]

        module = Module(refuse="log")
        assert machine.run(module)["changed"]
        assert self.said(module, "because jsa_firewall_refuse is log: tcp 32006. Everyone whom the site")

    def test_removal_and_rollback_leave_nothing(self, machine: Any) -> None:
        machine.run()
        machine.run(refuse="log")
        assert machine.run(state="previous")["refuse"] == "enforce"
        assert self.tables(machine) == []
        machine.run(refuse="log")
        result = machine.run(state="absent")
        assert (result["changed"], result["refuse"], self.tables(machine)) == (True, None, [])

    def test_a_rollback_to_rules_that_are_not_enforced(self, machine: Any) -> None:
        machine.run(refuse="log")
        machine.run()
        module = Module(state="previous")
        assert machine.run(module)["refuse"] == "log"
        assert self.said(module, "is not recorded (what an earlier state would reject is not known")
        assert machine.run(refuse="log")["changed"], "the record begins"
        assert self.tables(machine) == ["jsa_ports_staged"]

    def test_a_table_that_was_left_behind(self, machine: Any) -> None:
        machine.run(refuse="log")
        left = dict(self.host(machine).nft.tables)
        machine.run(state="absent")
        self.host(machine).nft.tables.update(left)
        for check_mode, tables in ((True, ["jsa_ports_staged"]), (False, [])):
            assert machine.run(Module(check_mode=check_mode, state="absent"))["changed"]
            assert self.tables(machine) == tables
        assert not machine.run(state="absent")["changed"]

    def test_a_table_that_was_flushed_is_made_again(self, machine: Any) -> None:
        machine.run(refuse="log")
        self.host(machine).nft.tables.clear()
        module = Module(refuse="log")
        assert machine.run(module)["changed"]
        assert self.said(module, "is recorded since 20") and self.tables(machine) == ["jsa_ports_staged"]
        assert not machine.run(refuse="log")["changed"]

    @pytest.mark.parametrize(("there", "reason"), [(False, "nft is not on this host"), (True, "not supported")])
    def test_without_a_record(self, machine: Any, there: bool, reason: str) -> None:
        self.host(machine).nft = Nft(there)
        self.host(machine).nft.refused = "add table"
        assert machine.run(refuse="log")["changed"]
        module = Module(refuse="log")
        assert not machine.run(module)["changed"], "what does not work is no change"
        assert self.said(module, "is not recorded (") and self.said(module, reason)
