# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugin of jsa.ports.firewall does: the module loads rules, and a new connection confirms them."""

from __future__ import annotations

import time

from collections.abc import Mapping
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.jsa.ports.plugins.module_utils._printable import plain
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import fail_with
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirm_probes import (
    CONTACT_VARIABLES,
    Contact,
    Probe,
    connect_to,
    read_probes,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import require_known_variables
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.option_names import in_option_words, option_words
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.staging import (
    NoConnection,
    NotConfirmed,
    StagingAction,
    words_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

_DEFAULT_TIMEOUT = 60

#: Its variables are the module's options.
_ROLE = "jsa_firewall"

#: For the other state, the plan has looked at the variables.
_WITHOUT_PLAN = ("absent", "previous")


class ConfirmedAction(StagingAction):
    """Stage, new connection, confirm: one task, so that nobody forgets the second half."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of jsa.ports.firewall, with ``confirmation`` if rules were confirmed."""
        try:
            return in_option_words(self._work(tmp, task_vars or {}), self._task, _ROLE)
        except InputError as error:
            raise AnsibleActionFail(option_words(str(error), self._task, _ROLE)) from error

    def _work(self, tmp: str | None, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Raises InputError."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if arguments.get("state") in _WITHOUT_PLAN:
            self._require_known_variables(task_vars)
        probes = self._read_probes(arguments.get("confirm_probes") or [], task_vars)
        # What is no number at all, the module refuses.
        unconfirmed = str(arguments.get("confirm_timeout", _DEFAULT_TIMEOUT)).strip() == "0"
        arguments["phase"] = "apply" if unconfirmed or self._task.check_mode else "stage"
        result.update(self.stage(arguments, task_vars))
        pending = result.pop("pending", None)
        if pending:
            self._settle(pending, probes, result, task_vars)
        elif unconfirmed and result.get("changed") and not self._task.check_mode:
            result.setdefault("warnings", []).append(
                "The rules were made permanent without a confirmation, because jsa_firewall_confirm_timeout is 0. They "
                "would not have been rolled back if they had locked you out."
            )
        return result

    def _require_known_variables(self, task_vars: dict[str, Any]) -> None:
        try:
            require_known_variables(task_vars, self._templar)
        except InputError as error:
            # It is about variables, whoever uses the module.
            raise fail_with(error) from error

    def _read_probes(self, items: Any, task_vars: dict[str, Any]) -> list[Probe]:
        values = {name: self._templar.template(task_vars.get(name)) for name in CONTACT_VARIABLES}
        probes = read_probes(items, task_vars.get("hostvars", {}), Contact.of(values))
        self._require_that_others_probe(probes, task_vars)
        return probes

    def _require_that_others_probe(self, probes: list[Probe], task_vars: dict[str, Any]) -> None:
        """Raises InputError where a probe would not be sent from the host that it names.

        That is where a host that applies its own rules has ``-e ansible_connection=local``, which is for all hosts.
        """
        own = str(task_vars.get("inventory_hostname"))
        others = dict.fromkeys(probe.source for probe in probes if probe.source not in (own, *C.LOCALHOST))
        local = [name for name in others if task_vars["hostvars"][name].get("ansible_connection") == "local"]
        if local:
            raise InputError(
                "jsa_firewall_confirm_probes cannot be used; nothing was changed",
                [
                    f"{name} has ansible_connection: local, so its probes would be sent from the machine that runs "
                    f"Ansible: set that for {own} only"
                    for name in local
                ],
            )

    def _settle(
        self, pending: dict[str, Any], probes: list[Probe], result: dict[str, Any], task_vars: dict[str, Any]
    ) -> None:
        """Confirms, or takes the rules back and fails."""
        started = time.monotonic()
        try:
            for source in dict.fromkeys(probe.source for probe in probes):
                self._probe(source, [probe for probe in probes if probe.source == source], task_vars)
            by = self.confirm(pending)
        except Exception as error:
            # Whatever it is, a host must not be left waiting because of it.
            why = words_of(error)
            outcome = self.abort(pending, why, started)
            if not outcome.confirmed:
                msg = f"The rules were not confirmed: {why}{_likely_reason(error, result)}. {outcome.words}"
                result.update(failed=True, changed=False, msg=msg)
                return
            by = "new connection, whose answer was lost"
        result["confirmation"] = {"by": by, "seconds": round(time.monotonic() - started, 2)}

    def _probe(self, source: str, probes: list[Probe], task_vars: dict[str, Any]) -> None:
        """Raises NotConfirmed where one does not get through."""
        variables = task_vars["hostvars"][source]
        used = self._connection
        # What the host itself still reaches needs no other connection to it.
        itself = source == task_vars.get("inventory_hostname")
        if not itself:
            self._connection = connect_to(variables, self._play_context, self._task, self._templar)
        arguments = {"probes": [probe.arguments() for probe in probes], "recheck_seconds": 2}
        try:
            told = plain(
                self._execute_module("jsa.ports.reachability", arguments, task_vars=task_vars if itself else variables)
            )
            if not itself:
                self._remove_tmp_path(self._connection._shell.tmpdir)
        except AnsibleError as error:
            raise NotConfirmed(f"{source} could not run the probe: {words_of(error)}") from error
        finally:
            self._connection = used
        if told.get("failed"):
            raise NotConfirmed(f"{source} cannot probe: {told.get('msg')}")
        outcomes = [(probe, row["result"]) for probe, row in zip(probes, told["results"], strict=True)]
        lost = [f"{probe} is {outcome}" for probe, outcome in outcomes if not probe.succeeded(outcome)]
        if lost:
            raise NotConfirmed("; ".join(lost))


def _likely_reason(error: Exception, result: Mapping[str, Any]) -> str:
    """Of a new connection that did not get through: the usual cause, with the addresses that were let in."""
    controller = result.get("controller")
    if not isinstance(error, NoConnection) or not controller:
        return ""
    let_in = ", ".join([controller["address"], *result.get("earlier_controllers", ())])
    return (
        f" (the host accepts {let_in}; if new connections come from another address, as through another bastion or "
        "NAT, name it in jsa_firewall_management_addresses)"
    )
