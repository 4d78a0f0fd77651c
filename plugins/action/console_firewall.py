# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.console_firewall: writes the rules of hosts through the console's REST API."""

from __future__ import annotations

import os

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Wanted
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import ControllerAction, show
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirm_probes import (
    CONTACT_VARIABLES,
    Contact,
    Probe,
    read_probes,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.console_options import CONSOLE_OPTIONS, client_from
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._console.answers import ForbiddenError
from ansible_collections.jsa.ports.plugins.plugin_utils._console.apply import (
    Prepared,
    carry_out,
    prepare,
    result_of,
    rules_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._console.backend import (
    DEPLOY,
    ConsoleBackend,
    Document,
    texts_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._console.client import Client
from ansible_collections.jsa.ports.plugins.plugin_utils._console.firewall_rules import Expansion
from ansible_collections.jsa.ports.plugins.plugin_utils._console.ownership import (
    Ownership,
    dump_ownership,
    parse_ownership,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._console.reading import HOSTS, SERVERS, read_hosts
from ansible_collections.jsa.ports.plugins.plugin_utils._console.servers import server_ids, single_addresses
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError
from ansible_collections.jsa.ports.plugins.plugin_utils._console.validator import (
    SUCCESS,
    VALIDATOR,
    Call,
    ManagedHosts,
    Run,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan

_RULES = "/system/servers/{server_id}/firewall_rules"
PRESENT, ABSENT, PREVIOUS = "present", "absent", "previous"


@dataclass
class _Host:
    """A host of the play on its way."""

    name: str
    server: int
    backend: ConsoleBackend
    prepared: Prepared


class ActionModule(ControllerAction):
    """Contacts the console only. Reads of all hosts come before the first write."""

    AS_IS = ("plan",)
    ARGUMENT_SPEC = {
        **CONSOLE_OPTIONS,
        "plan": {"type": "dict"},
        "hosts": {"type": "list", "elements": "str"},
        "state": {"type": "str", "choices": [PRESENT, ABSENT, PREVIOUS], "default": PRESENT},
        "state_file": {"type": "path"},
        "steps": {"type": "int", "default": 1},
        "expand_networks": {"type": "bool", "default": False},
        "confirm_probes": {"type": "list", "elements": "dict", "default": []},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self._given = arguments
        self._hostvars: Mapping[str, Any] = task_vars.get("hostvars", {})
        play = list(task_vars.get("ansible_play_hosts_all", ()))
        chosen = arguments["hosts"]
        names = [name for name in play if chosen is None or name in chosen]
        if arguments["state"] == PRESENT and arguments["plan"] is None:
            raise AnsibleActionFail("plan is missing: state=present requires it")
        if arguments["state"] != PRESENT and not arguments["state_file"]:
            raise AnsibleActionFail(
                f"state_file is not set: state={arguments['state']} requires it, because only this file says which "
                "rules are ours. Nothing was changed"
            )
        try:
            client = client_from(arguments)
            self._ownership = self._read_ownership(client.access.url)
            return self._apply(client, names)
        except ConsoleError as error:
            raise AnsibleActionFail(str(error)) from error

    def _apply(self, client: Client, names: list[str]) -> dict[str, Any]:
        probes = {name: self._probes(name) for name in names} if self._given["state"] != ABSENT else {}
        managed, hosts, problems = self._prepare(client, names)
        show("\n".join(_listed(hosts)))
        results = {one.name: result_of(one.backend, one.prepared) for one in hosts}
        diffs = [
            {**diff, "before_header": f"{one.name}: {diff['before_header']}", "after_header": one.name}
            for one in hosts
            if self._task.diff and one.prepared.decision.changed
            for diff in one.backend.diff(one.prepared.situation, one.prepared.wanted)
        ]
        for one in hosts:
            if self._task.check_mode or not one.prepared.decision.changed:
                continue
            try:
                self._write(client, one, managed, probes.get(one.name, []))
            except FirewallError as error:
                problems.append(f"{one.name}: {error}")
                results[one.name]["changed"] = False
        result: dict[str, Any] = {
            "changed": any(one["changed"] for one in results.values()),
            "hosts": results,
            "_ansible_verbose_override": True,
        }
        if diffs:
            result["diff"] = diffs
        warnings = [*client.remarks, *self._warnings(hosts)]
        if warnings:
            result["warnings"] = warnings
        if problems:
            result.update(failed=True, msg="; ".join(problems))
        return result

    def _prepare(self, client: Client, names: list[str]) -> tuple[ManagedHosts, list[_Host], list[str]]:
        """Reads everything. The third are the problems of hosts, which do not stop the others."""
        try:
            read = read_hosts(client, client.remarks)
        except ForbiddenError as error:
            wanted = [("GET", HOSTS), ("GET", SERVERS), ("GET", _RULES), ("PUT", _RULES), ("POST", VALIDATOR)]
            raise client.named_rights(error, wanted) from error
        servers = server_ids(*read)
        plan = Plan.from_dict(self._given["plan"]) if self._given["state"] == PRESENT else None
        expansion = Expansion(single_addresses(plan) if plan else frozenset(), self._given["expand_networks"])
        hosts: list[_Host] = []
        problems: list[str] = []
        for name in names:
            try:
                server = self._server(name, plan, servers)
                if server is None:
                    continue
                backend = ConsoleBackend(client, server, self._ownership.documents(server), expansion)
                hosts.append(_Host(name, server, backend, prepare(backend, self._wanted(name, server, plan, backend))))
            except FirewallError as error:
                problems.append(f"{name}: {error}")
        return ManagedHosts.of(*read), hosts, problems

    def _server(self, name: str, plan: Plan | None, servers: Mapping[str, int]) -> int | None:
        """None if there is nothing to do for the host. Raises FirewallError."""
        if plan is None:
            known = [int(number) for number, server in self._ownership.servers.items() if server.host == name]
            return known[0] if known else None
        if name not in plan.hosts:
            return None
        found = [servers[address] for address in plan.hosts[name].addresses if address in servers]
        if not found:
            raise FirewallError(
                f"the console has no server with the address {', '.join(plan.hosts[name].addresses)}: correct "
                "jsa_address, or use another jsa_firewall_backend for this host"
            )
        return found[0]

    def _wanted(self, name: str, server: int, plan: Plan | None, backend: ConsoleBackend) -> Wanted:
        if plan is not None:
            return backend.render(rules_of(plan.hosts[name]))
        if self._given["state"] == ABSENT:
            return backend.render(EMPTY)
        documents = self._ownership.earlier(server, self._given["steps"])
        if documents is None:
            raise FirewallError(
                f"{self._given['state_file']} has no state of this host that is {self._given['steps']} changes old. "
                "Nothing was changed"
            )
        return backend.earlier(texts_of(documents))

    def _write(self, client: Client, host: _Host, managed: ManagedHosts, probes: list[Probe]) -> None:
        before = self._ownership

        def remember(ours: list[Document], final: bool) -> None:
            change = before.with_rules if final else before.claiming
            self._ownership = change(host.server, host.name, ours)
            if self._given["state_file"]:
                write_file(self._given["state_file"], dump_ownership(self._ownership), "The state file")

        def confirm() -> str:
            return "; ".join(self._probe_problems(client, managed, probes))

        ours = before.documents(host.server)
        carry_out(host.backend, ours, host.prepared, remember, confirm)

    def _probe_problems(self, client: Client, managed: ManagedHosts, probes: Iterable[Probe]) -> Iterable[str]:
        for probe in probes:
            number = managed.id_of(self._addresses(probe.source))
            if number is None:
                yield f"{probe}: {managed.reason_for(self._addresses(probe.source))}"
                continue
            run = Run(client, 0)
            key = probe.address, probe.port
            try:
                run.test([Call(key, (number,))], lambda: None)
            except ConsoleError as error:
                yield f"{probe}: {error}"
                continue
            result = run.tested.get(key, {}).get(number)
            if result != SUCCESS:
                yield f"{probe} is {result or run.failed.get(key, 'without a result')}"

    def _probes(self, name: str) -> list[Probe]:
        """Raises InputError, and AnsibleActionFail for what the console cannot test."""
        variables = self._hostvars.get(name, {})
        own = Contact.of({**{key: variables.get(key) for key in CONTACT_VARIABLES}, "inventory_hostname": name})
        probes = read_probes(self._given["confirm_probes"], self._hostvars, own)
        for probe in probes:
            if probe.protocol != "tcp":
                raise AnsibleActionFail(f"confirm_probes: {probe}: the console can test TCP only. Nothing was changed")
        return probes

    def _addresses(self, name: str) -> list[str]:
        """Of a host in the inventory, the best first."""
        variables = self._hostvars.get(name, {})
        found: list[str] = []
        for value in (variables.get("jsa_address"), variables.get("ansible_host"), name):
            found += [str(one) for one in (value if isinstance(value, list) else [value]) if one is not None]
        return found

    def _read_ownership(self, url: str) -> Ownership:
        path = self._given["state_file"]
        if not path or not os.path.exists(os.path.expanduser(path)):
            return Ownership(url=url)
        return parse_ownership(read_file(path, "The state file"), url, path)

    def _warnings(self, hosts: list[_Host]) -> list[str]:
        changed = [one for one in hosts if one.prepared.decision.changed]
        told = [DEPLOY] if changed else []
        if changed and not self._given["state_file"]:
            told.append(
                "state_file is not set, so nobody remembers which rules are ours: they are never removed, also if the "
                "plan no longer has them"
            )
        return told


def _listed(hosts: Iterable[_Host]) -> Iterable[str]:
    """What changes, and what cannot be expressed, of each host."""
    for one in hosts:
        actions = one.prepared.decision.actions
        yield f"{one.name}: {len(actions['created'])} rules to add, {len(actions['removed'])} to remove"
        for text in one.backend.left_out(one.prepared.wanted):
            yield f"  {text}"
