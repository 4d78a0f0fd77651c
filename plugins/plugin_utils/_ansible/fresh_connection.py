# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection that shares nothing with the one in use: what an established one lets through proves nothing."""

from __future__ import annotations

import os

from typing import Any

from ansible.plugins.loader import connection_loader

#: ssh takes the first value of an option that it is given; so these stand before whatever the user's ssh_args say.
#: Keepalives are not answered while a login waits for name servers, PAM or a token, so all of the time has to be over.
_FIRST = (
    "-o ControlMaster=no -o ControlPath=none -o ConnectTimeout={seconds} "
    "-o ServerAliveInterval={interval} -o ServerAliveCountMax={probes}"
)
_PROBES = 3
#: -S is another way to name a control socket, and there the last one counts.
_LAST = "-S none"


def fresh_connection(used: Any, play_context: Any, task: Any, seconds: int) -> Any:
    """As *used*, to the same host in the same way, but new, and given up after so many *seconds*."""
    new = connection_loader.get(
        used._load_name, play_context, None, task_uuid=task._uuid, ansible_playbook_pid=str(os.getppid())
    )
    new._options = dict(used._options)
    if hasattr(used, "_origins"):
        # From ansible-core 2.19 on.
        new._origins = dict(used._origins)
    new._shell = used._shell
    new.set_become_plugin(used.become)
    if used.transport == "ssh":
        interval = max(1, -(-seconds // _PROBES))
        first = _FIRST.format(seconds=seconds, interval=interval, probes=_PROBES)
        new.set_option("ssh_args", f"{first} {used.get_option('ssh_args') or ''}")
        new.set_option("ssh_extra_args", f"{used.get_option('ssh_extra_args') or ''} {_LAST}")
        new.set_option("reconnection_retries", 0)
        if used.become is None:
            # Only sudo may ask for a terminal. An sshd that grants none (PermitTTY no) ends a session that wants one.
            new.set_option("use_tty", False)
    return new
