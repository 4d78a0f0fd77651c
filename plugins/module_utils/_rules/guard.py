# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose SSH connection must survive, from a module's parameters. Runs on Python 3.6."""

from typing import Any, Dict, Optional

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import Guard, read_guard

DEFAULT_SSH_PORT = 22


def guard_of(params, connection):  # type: (Dict[str, Any], Optional[SSHConnection]) -> Optional[Guard]
    """Raises FirewallError where the connection has to be known, and is not."""
    if connection is None and params["require_controller"]:
        raise FirewallError(
            "the SSH connection that this run came through was not found on the host, so it cannot be kept open. "
            "Nothing was written. Name the controller's addresses in controllers and set require_controller: false, "
            "or only the latter where the connection is not SSH"
        )
    port = params["ssh_port"]
    if port is None:
        port = connection.port if connection else DEFAULT_SSH_PORT
    if connection is None and not params["controllers"]:
        return None
    return read_guard(params["controllers"], connection.address if connection else None, port)
