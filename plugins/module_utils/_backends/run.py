# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of any backend: the rules of a host become what runs, or nothing changes. Runs on Python 3.6.

Of *module*: params, check_mode, warn, and whether a diff is wanted (_diff) are used.
"""

import time

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends import recording as recordings
from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import (
    Backend,
    Decision,
    Situation,
    Wanted,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.capabilities import require_capabilities
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import timer
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.commit import Host
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.lock import lock, lock_path
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import state_of
from ansible_collections.jsa.ports.plugins.module_utils._backends.detect import Options, select_backend
from ansible_collections.jsa.ports.plugins.module_utils._backends.identity import (
    own_addresses,
    require_identity,
    require_way_in,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.recording import Recording
from ansible_collections.jsa.ports.plugins.module_utils._backends.told import (
    difference_lines,
    not_enforced_words,
    opening_warning,
    openings_of,
    recorded_words,
    refused_words,
    unlocked_words,
)
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection, find_ssh_connection
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.peers import read_peers
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import TableError
from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import (
    Guard,
    earlier_controllers,
    guard_of,
    require_connection,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import HostRules, read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY, Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.refusals import Refusals, refused_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.staged import (
    LOG,
    refuse_of,
    refuses_anyone,
    without_refusals,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset

PRESENT, ABSENT, PREVIOUS = "present", "absent", "previous"
APPLY, STAGE = "apply", "stage"
#: What becomes of a change that would refuse somebody who is connected.
FAIL, IGNORE = "fail", "ignore"
#: So many of the recorded sources are returned.
_MOST_RECORDED = 1000

_LEAST = (("steps", 1), ("confirm_timeout", 0), ("update_timeout", 1), ("keep_controllers", 1))

_NO_ACTIONS = {"created": [], "changed": [], "removed": [], "entries": {}}  # type: Dict[str, Any]


class Order(NamedTuple):
    """What a run is to do, read and checked before anything of the host is looked at."""

    state: str
    #: None but for PRESENT.
    rules: Optional[HostRules]
    connection: Optional[SSHConnection]


def run(module, select=select_backend):  # type: (Any, Callable[[str, Options], Backend]) -> Dict[str, Any]
    """What the module returns. Raises FirewallError. No two runs on a host are beside each other."""
    params = module.params
    for name, least in _LEAST:
        if params[name] < least:
            raise FirewallError("jsa_firewall_%s: %d is less than %d" % (name, params[name], least))
    order = _read_order(params)
    options = Options(params["reload"], params["offline"], params["update_timeout"], params["respect_denials"])
    backend = select(params["backend"], options)
    if module.check_mode:
        return _run(module, backend, order)
    with lock(lock_path(backend.name)):
        return _run(module, backend, order)


def _read_order(params):  # type: (Dict[str, Any]) -> Order
    connection = find_ssh_connection()
    if params["state"] != PRESENT:
        return Order(params["state"], None, connection)
    rules = read_host_rules(params["rules"])
    own = own_addresses()
    if params["verify_identity"]:
        require_identity(rules.addresses, own)
    if params["require_controller"]:
        require_connection(connection)
        require_way_in(connection, rules.management_addresses, own)
    return Order(PRESENT, rules, connection)


def _run(module, backend, order):  # type: (Any, Backend, Order) -> Dict[str, Any]
    host = Host(backend, state_of(backend.name))
    most = module.params["keep_controllers"] if order.state == PRESENT else 0
    result = {
        "changed": False,
        "backend": backend.name,
        "version": None,
        "actions": dict(_NO_ACTIONS),
        "reloaded": False,
        "reload_reasons": [],
        "reload_changes": [],
        "drift": [],
        "differences": [],
        "openings": [],
        "refused_peers": [],
        "refused_recorded": [],
        "refuse": None,
        "ipv6": None,
        "controller": order.connection._asdict() if order.connection else None,
        "earlier_controllers": earlier_controllers(host.state.history(), order.connection, most),
    }  # type: Dict[str, Any]
    if _is_nothing_to_do(host, order.state):
        # Somebody else may have removed the rules, and left the table that records for them.
        result["changed"] = _settle_record(module, backend, recordings.look(backend.programs, False, None, time.time()))
        return result
    backend.require()
    result["version"] = backend.version()
    settle(module, host)
    result.update(report_rollback(module, host))
    situation = backend.read()
    wanted, enforced = _wanted(module.params, host, order, situation)
    found = backend.rules_of(backend.found(situation))
    result["refuse"] = refuse_of(backend.rules_of(wanted.texts)) if enforced is None else module.params["refuse"]
    recording = recordings.look(backend.programs, result["refuse"] == LOG, enforced, time.time())
    decision = backend.permit(situation, wanted, backend.decide(situation, wanted))
    internal = order.rules.internal if order.rules else ()
    result.update(
        changed=decision.changed or recording.changed,
        actions=decision.actions,
        reloaded=decision.reloads,
        reload_reasons=decision.reload_reasons,
        reload_changes=decision.reload_changes,
        drift=decision.drift,
        differences=difference_lines(backend.differences(situation, wanted)),
        openings=openings_of(backend.openings(situation, internal), result["refuse"]),
        ipv6=backend.ipv6(situation),
    )
    if result["refuse"] == LOG and refuses_anyone(found):
        module.warn(printable(unlocked_words(found)))
    _warn(module, result, backend.warnings(situation, wanted))
    if decision.changed and enforced is not None and result["refuse"] != LOG and module.params["learned"] != IGNORE:
        result.update(_refused(module, backend, Refusals(enforced), Refusals(found), recording))
    if decision.changed and not module.check_mode:
        controllers = [order.connection.address] if order.connection else []
        change = _Change(situation, wanted, decision, order.connection, controllers + result["earlier_controllers"])
        if module.params["phase"] == STAGE and backend.can_try(situation):
            result["pending"], result["reloaded"] = _stage(module.params, host, change)
        else:
            result["reloaded"] = backend.load(situation, wanted, decision)
            _remember(module, host, change)
    if result["refuse"] == LOG or "pending" not in result:
        # What records for rules that are not enforced outlives others that only wait for their confirmation.
        recorded = _settle_record(module, backend, recording)
        result["changed"] = decision.changed or recorded
    if module._diff:
        result["diff"] = backend.diff(situation, wanted)
    return result


def _is_nothing_to_do(host, state):  # type: (Host, str) -> bool
    """Whether there is nothing of ours to remove or to go back to, as on the hosts beside a deployment."""
    if state == PRESENT or host.backend.has_files():
        return False
    if state == PREVIOUS:
        return not host.state.history() and host.state.pending() is None
    # Neither in files nor in the kernel: a host without a firewall is as it should be.
    return not host.backend.runs()


def _wanted(params, host, order, situation):
    # type: (Dict[str, Any], Host, Order, Situation) -> Tuple[Wanted, Optional[Ruleset]]
    """The rules to load, and, with a plan, the same as they are when they are enforced.

    Raises FirewallError where the backend cannot express it, before anything is touched.
    """
    backend = host.backend
    if order.state == PREVIOUS:
        wanted = backend.earlier(confirming.previous(host.state, backend.found(situation), params["steps"]).files)
    elif order.rules is None:
        wanted = backend.render(EMPTY)
    else:
        guard = _guard(params, host, order)
        enforced = backend.leave_out(build_ruleset(order.rules, guard), guard)
        confirmed = params["phase"] == STAGE
        # Also where they are not enforced yet: what cannot be is better known now.
        require_capabilities(backend.name, backend.capabilities(situation), enforced, confirmed)
        return backend.render(without_refusals(enforced) if params["refuse"] == LOG else enforced), enforced
    if wanted.rules is not None:
        require_capabilities(backend.name, backend.capabilities(situation), wanted.rules)
    return wanted, None


def _guard(params, host, order):  # type: (Dict[str, Any], Host, Order) -> Optional[Guard]
    """Who always reaches the SSH port."""
    named = order.rules.management_addresses if order.rules else ()
    earlier = earlier_controllers(host.state.history(), order.connection, params["keep_controllers"])
    return guard_of(named, order.connection, params["ssh_port"], earlier)


def _refused(module, backend, new, present, recording):
    # type: (Any, Backend, Refusals, Refusals, Recording) -> Dict[str, Any]
    """Who is connected, or was recorded, and would be refused by the *new* rules.

    Raises FirewallError where that is to end the run. Nothing is changed yet. Whoever is connected stays so. Of those
    recorded, nobody is named whom the *present* rules refuse already.
    """
    sentences = []
    try:
        peers = refused_of(new, read_peers())
    except TableError as error:
        peers = []
        sentences.append("The open connections of this host could not be read: %s." % error)
    if peers:
        sentences.append(refused_words(peers))
    seen, problem = recordings.recorded(backend.programs, recording, time.time())
    if problem:
        sentences.append(problem + ".")
    times = {item.key: item for item in seen}
    keys = [key for key in refused_of(new, times) if key not in peers and not present.refuses(*key)]
    if keys:
        sentences.append(recorded_words(keys))
    if sentences and module.params["learned"] == FAIL:
        raise FirewallError("%s Nothing was changed, because jsa_firewall_learned is fail" % " ".join(sentences))
    if sentences:
        module.warn(printable("%s jsa_firewall_learned: fail ends a run that would do so" % " ".join(sentences)))
    return {
        "refused_peers": [{"peer": peer, "protocol": protocol, "port": port} for peer, protocol, port in peers],
        "refused_recorded": [
            {name: value for name, value in times[key].as_dict().items() if name != "process"}
            for key in keys[:_MOST_RECORDED]
        ],
    }


def _settle_record(module, backend, recording):  # type: (Any, Backend, Recording) -> bool
    """Makes or removes the table that records, and says what is not enforced. Whether that was a change."""
    changed = recording.changed
    if not module.check_mode:
        recording = recordings.settle(backend.programs, recording, time.time())
        # What does not work is no change.
        changed = changed and not recording.problem
    if recording.wanted:
        module.warn(printable(not_enforced_words(recording.rules, recording.words())))
    elif recording.problem and recording.held is not None:
        module.warn(
            printable("The table that recorded what is refused now could not be removed: %s" % recording.problem)
        )
    return changed


def _warn(module, result, warnings):  # type: (Any, Dict[str, Any], List[str]) -> None
    if result["reload_changes"]:
        changes = "; ".join(result["reload_changes"])
        module.warn(printable("The required reload changes the site's own settings: %s" % changes))
    for text in warnings:
        module.warn(printable(text))
    if module.check_mode:
        # Nothing about it is ours to change, so a run that changes things does not speak of it each time.
        for opening in result["openings"] or ():
            module.warn(printable(opening_warning(opening)))


def report_rollback(module, host):  # type: (Any, Host) -> Dict[str, Any]
    """The first run that comes by tells what the timer did when nobody was there."""
    found = confirming.unreported(host)
    if found is None:
        return {}
    module.warn(printable(confirming.rollback_words(found)))
    if not module.check_mode:
        host.state.set_last_result(found._replace(reported=True))
    return {"rolled_back": {name: getattr(found, name) for name in ("time", "controller", "why", "outcome")}}


def settle(module, host):  # type: (Any, Host) -> None
    """A candidate that waits ends a run, but only warns one that changes nothing."""
    if not module.check_mode:
        confirming.settle(host)
        return
    sentence = confirming.waiting(host)
    if sentence:
        module.warn(printable("The compared rules are not permanent yet: %s" % sentence))


class _Change(NamedTuple):
    situation: Situation
    wanted: Wanted
    decision: Decision
    connection: Optional[SSHConnection]
    #: All addresses that the rules let in as controllers.
    controllers: List[str]

    @property
    def controller(self):  # type: () -> Optional[str]
        return None if self.connection is None else self.connection.address


def _stage(params, host, change):  # type: (Dict[str, Any], Host, _Change) -> Tuple[Dict[str, Any], bool]
    """What the controller has to know for the confirmation, and whether all rules were loaded anew."""
    seconds = params["confirm_timeout"]
    candidate = host.backend.candidate(change.situation, change.wanted, change.decision)
    # A connection that is not SSH, such as local, may run below somebody's SSH session all the same.
    session = timer.session() if params["new_connection"] else None
    origin = confirming.Origin(change.controller, session, change.controllers)
    pending, reloaded = confirming.stage(
        host, candidate, seconds, origin, lambda identity: timer.arm(host.backend.programs, host, identity)
    )
    told = {
        "id": pending.id,
        "seconds": seconds,
        "command": timer.command(host.state),
    }
    return told, reloaded


def _remember(module, host, change):  # type: (Any, Host, _Change) -> None
    """The rules hold already: that they cannot be gone back to later is no reason to fail."""
    before, after = host.backend.found(change.situation), change.wanted.texts
    if before == after:
        return
    try:
        confirming.remember(host.state, "", change.controller, before, after, change.controllers)
    except FirewallError as error:
        module.warn(printable("The rules were applied, but were not saved for a later rollback: %s" % error))
