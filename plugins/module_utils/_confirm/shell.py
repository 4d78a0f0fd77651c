# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules of all backends do around a change. Of *module*, params, check_mode and warn are used.

Runs on Python 3.6.
"""

from typing import Any, Dict, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._confirm import timer
from ansible_collections.jsa.ports.plugins.module_utils._confirm.backend import Candidate, Texts
from ansible_collections.jsa.ports.plugins.module_utils._confirm.commit import Host
from ansible_collections.jsa.ports.plugins.module_utils._controller import SSHConnection
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._programs import Programs


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
