# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module on a host has returned."""

from __future__ import annotations

from typing import Any

from ansible.utils.display import Display

#: How many ``-v`` a run needs for Ansible to show the arguments of a module.
_SHOWS_ARGUMENTS = 3


def without_arguments(result: dict[str, Any]) -> dict[str, Any]:
    """The *result* of a module without the arguments that Ansible adds to it (``invocation``), unless it shows them.

    The rules and probes of a host are more than half of its result, which Ansible copies several times for each host.
    """
    if Display().verbosity >= _SHOWS_ARGUMENTS:
        return result
    return {key: value for key, value in result.items() if key != "invocation"}
