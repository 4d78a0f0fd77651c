# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages name what their reader can set: variables of a role, or options of a module.

All messages are written with the names of the role's variables.
"""

from __future__ import annotations

import re

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._topology.names import role_variables
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import FIREWALL_VARIABLES

#: What a result has to tell.
_TOLD = ("msg", "reason", "skip_reason")


def option_words(text: str, task: Any, of: str) -> str:
    """*text* as the author of *task* can use it: as it is in a role of ours, and with a module's options otherwise.

    *of*: the role whose variables are the module's options.
    """
    role = getattr(task, "_role", None)
    roles = role_variables()
    if role is not None and role.get_name().rpartition(".")[2] in roles:
        return text
    return re.sub(rf"\b{of}_(\w+)", lambda match: _option(match, roles[of]), text)


def _option(match: re.Match[str], variables: frozenset[str]) -> str:
    # The plan reads some from the inventory, whoever uses it.
    return match[1] if match[0] in variables and match[0] not in FIREWALL_VARIABLES else match[0]


def in_option_words(result: Mapping[str, Any], task: Any, of: str) -> dict[str, Any]:
    """The *result* of a task, in which messages and warnings are worded so."""
    found = dict(result)
    for key in _TOLD:
        if isinstance(found.get(key), str):
            found[key] = option_words(found[key], task, of)
    if isinstance(found.get("warnings"), list):
        found["warnings"] = [option_words(one, task, of) if isinstance(one, str) else one for one in found["warnings"]]
    return found
