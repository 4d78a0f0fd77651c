# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins that run on the controller have in common."""

from __future__ import annotations

import os
import tempfile

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.basic import missing_required_lib
from ansible.utils.display import Display

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.addresses import NETADDR_IMPORT_ERROR


def require_netaddr() -> None:
    """Raises Ansible's usual message where the library is missing."""
    if NETADDR_IMPORT_ERROR is not None:
        raise AnsibleActionFail(missing_required_lib("netaddr")) from NETADDR_IMPORT_ERROR


def fail_with(error: InputError) -> AnsibleActionFail:
    return AnsibleActionFail(str(error))


def show(text: str) -> None:
    """Prints a report between the tasks' own lines."""
    Display().display(f"\n{text}\n")


def read_file(path: str, what: str) -> str:
    """The text of a file on the controller. Raises AnsibleActionFail."""
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise AnsibleActionFail(f"{what} {path} cannot be read: {error}") from error


def write_file(path: str, text: str, what: str, check_mode: bool = False) -> bool:
    """Writes a file on the controller whole or not at all. Whether it differs from what was there."""
    target = os.path.abspath(os.path.expanduser(path))
    try:
        with open(target, encoding="utf-8", errors="surrogateescape") as file:
            if file.read() == text:
                return False
    except FileNotFoundError:
        pass
    except OSError as error:
        raise AnsibleActionFail(f"{what} cannot be written to {path}: {error}") from error
    if check_mode:
        return True
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".jsa_ports_")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, target)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise AnsibleActionFail(f"{what} cannot be written to {path}: {error}") from error
    return True


def deployment_hosts_in_play(plan: dict[str, Any], task_vars: Mapping[str, Any]) -> list[str]:
    """The plan's hosts that the play (with ``--limit``) is about."""
    play_hosts = set(task_vars.get("ansible_play_hosts_all", ()))
    return [name for name in plan["hosts"] if name in play_hosts]
