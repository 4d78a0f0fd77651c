# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares a host's firewall with the plan. Changes nothing. Runs on Python 3.6."""

import time

from typing import Any, Callable, Dict, List, Optional

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Backend
from ansible_collections.jsa.ports.plugins.module_utils._backends.capabilities import missing_capabilities
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.commit import Host
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import state_of
from ansible_collections.jsa.ports.plugins.module_utils._backends.told import (
    difference_lines,
    not_enforced_words,
    openings_of,
)
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.root import NEEDS_ROOT, is_root
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection
from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import earlier_controllers, guard_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import HostRules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.staged import (
    ENFORCE,
    LOG,
    refuse_of,
    without_refusals,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset

_NOT_RECORDING = "the table that records is not there, or is of other rules; apply the plan to record"


def warnings_of(backend):  # type: (Backend) -> List[str]
    """Warnings about a candidate that waits for confirmation, and about a rollback that no run has reported yet."""
    host = Host(backend, state_of(backend.name))
    found = []
    sentence = confirming.waiting(host)
    if sentence:
        found.append("The compared rules are not permanent yet: %s" % sentence)
    result = confirming.unreported(host)
    if result is not None:
        found.append(confirming.rollback_words(result))
    return found


def enforcement(backend):  # type: (Backend) -> Optional[str]
    """Whether the rules in the files refuse (``enforce``) or not (``log``). None without rules, or if it is unknown."""
    try:
        return refuse_of(backend.rules_of(backend.found(backend.read()))) if backend.has_files() else None
    except FirewallError:
        return None


def not_enforced(backend, rules=None):  # type: (Backend, Optional[Ruleset]) -> str
    """The sentence about a host whose rules reject nothing. *rules*: as they would be enforced, if that is known."""
    # Compiled anew in every call of a module, and most hosts enforce their rules.
    from ansible_collections.jsa.ports.plugins.module_utils._backends import recording as recordings

    recording = recordings.look(backend.programs, True, rules, time.time())
    if recording.changed:
        recording = recording._replace(problem=_NOT_RECORDING)
    return not_enforced_words(rules, recording.words())


def look(backend, rules, connection, ssh_port, keep_controllers, warn, refuse=ENFORCE):
    # type: (Backend, HostRules, Optional[SSHConnection], Optional[int], int, Callable[[str], None], str) -> Dict[str, Any]
    """As :func:`compare`, after the warnings about a candidate that waits and about a rollback."""
    for text in warnings_of(backend):
        warn(printable(text))
    return compare(backend, rules, connection, ssh_port, keep_controllers, warn, refuse)


def compare(backend, rules, connection, ssh_port, keep_controllers, warn, refuse=ENFORCE):
    # type: (Backend, HostRules, Optional[SSHConnection], Optional[int], int, Callable[[str], None], str) -> Dict[str, Any]
    """``as_planned`` and the reasons for it. Calls *warn* for each problem in the site's own rules.

    ``as_planned`` is None if the firewall cannot be read, and ``reason`` has the cause. With an alarm it is False, even
    then. *ssh_port*: None for that of *connection*. *keep_controllers*: how many controllers have access, with that of
    *connection*. *refuse*: LOG if the rules are not to be enforced.
    """
    result = {
        "refuse": None,
        "as_planned": None,
        "reason": None,
        "alarms": [],
        "differences": [],
        "openings": None,
        "actions": None,
        "diff": [],
    }  # type: Dict[str, Any]
    try:
        result["alarms"] = alarms = backend.alarms()
        if alarms:
            result["as_planned"] = False
        backend.require()
        situation = backend.read()
        result["refuse"] = refuse_of(backend.rules_of(backend.found(situation)))
        earlier = earlier_controllers(state_of(backend.name).history(), connection, keep_controllers)
        guard = guard_of(rules.management_addresses, connection, ssh_port, earlier)
        ruleset = backend.leave_out(build_ruleset(rules, guard), guard)
        missing = missing_capabilities(backend.name, backend.capabilities(situation), ruleset)
        if missing:
            return dict(result, reason=missing)
        if result["refuse"] == LOG:
            warn(not_enforced(backend, ruleset))
        wanted = backend.render(without_refusals(ruleset) if refuse == LOG else ruleset)
        decision = backend.decide(situation, wanted)
        openings = backend.openings(situation, rules.internal)
        warnings = backend.warnings(situation, wanted)
    except FirewallError as error:
        return dict(result, reason=str(error) if is_root() else NEEDS_ROOT)
    for text in warnings:
        warn(text)
    result.update(
        as_planned=not decision.changed and not alarms,
        differences=difference_lines(backend.differences(situation, wanted)),
        openings=openings_of(openings, result["refuse"]),
        actions=decision.actions,
        diff=backend.diff(situation, wanted) if decision.changed else [],
    )
    return result
