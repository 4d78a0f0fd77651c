# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules of all backends do around a change. Of *module*, params, check_mode and warn are used.

Runs on Python 3.6.
"""

from typing import Any, Callable, Dict, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Candidate, Texts
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import timer
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.commit import Host
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.lock import lock, lock_path
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection

#: What they all take; the documentation of most of it is the fragment host_rules.
OPTIONS = {
    "state": {"type": "str", "choices": ["present", "absent", "previous"], "default": "present"},
    "steps": {"type": "int", "default": 1},
    "inbound": {"type": "list", "elements": "dict", "default": []},
    "refused": {"type": "list", "elements": "dict", "default": []},
    "unlisted": {"type": "str", "choices": ["zone", "reject", "drop"], "default": "zone"},
    "controllers": {"type": "list", "elements": "str", "default": []},
    "require_controller": {"type": "bool", "default": True},
    "ssh_port": {"type": "int"},
    "confirm_timeout": {"type": "int", "default": 60},
    "confirm_probes": {"type": "list", "elements": "dict", "default": []},
    "phase": {"type": "str", "choices": ["apply", "stage"], "default": "apply"},
}  # type: Dict[str, Any]

_LEAST = (("steps", 1), ("confirm_timeout", 0), ("update_timeout", 1))


def run_alone(module, backend, run):  # type: (Any, str, Callable[[], Dict[str, Any]]) -> Dict[str, Any]
    """What *run* returns, with no other run on this host beside it. Raises FirewallError."""
    for name, least in _LEAST:
        if name in module.params and module.params[name] < least:
            raise FirewallError("%s: %d is less than %d" % (name, module.params[name], least))
    if module.check_mode:
        return run()
    with lock(lock_path(backend)):
        return run()


def report_rollback(module, host):  # type: (Any, Host) -> Dict[str, Any]
    """The first run that comes by tells what the timer did when nobody was there."""
    found = confirming.unreported(host)
    if found is None:
        return {}
    module.warn(
        "Rules that %s had loaded were rolled back at %s: %s. %s"
        % (found.controller or "another run", found.time, found.why, found.outcome)
    )
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
        module.warn("What is compared here is not what will stay: %s" % sentence)


def stage(module, host, programs, candidate, connection):
    # type: (Any, Host, Programs, Candidate, Optional[SSHConnection]) -> Tuple[Dict[str, Any], bool]
    """What the controller has to know for the confirmation, and whether the firewall was reloaded."""
    seconds = module.params["confirm_timeout"]
    origin = confirming.Origin(_address(connection), timer.session())
    pending, reloaded = confirming.stage(
        host, candidate, seconds, origin, lambda identity: timer.arm(programs, host, identity)
    )
    told = {
        "id": pending.id,
        "seconds": seconds,
        "ssh": origin.session is not None,
        "command": timer.command(host.state),
    }
    return told, reloaded


def remember(module, host, before, after, connection):
    # type: (Any, Host, Texts, Texts, Optional[SSHConnection]) -> None
    """The rules hold already: that they cannot be gone back to later is no reason to fail."""
    if before == after:
        return
    try:
        confirming.remember(host.state, "", _address(connection), before, after)
    except FirewallError as error:
        module.warn("The rules hold, but they cannot be gone back to later: %s" % error)


def _address(connection):  # type: (Optional[SSHConnection]) -> Optional[str]
    return None if connection is None else connection.address
