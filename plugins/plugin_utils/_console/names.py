# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of hosts in the inventory: each once, and each one that Ansible and a terminal can take."""

from __future__ import annotations

import re

from dataclasses import dataclass, field

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")

#: Values of the option hostname.
NAMED_BY = ("hostname", "private_ip")


@dataclass
class Names:
    """Gives out names. *by* is one of NAMED_BY."""

    by: str
    warnings: list[str] = field(default_factory=list)
    _taken: dict[str, str] = field(default_factory=dict)

    def of(self, hostname: str, address: str) -> str:
        """The name of the next host, which depends on those before. Raises ConsoleError if there is none left."""
        name = address if self.by == "private_ip" else hostname
        if name != address and not _NAME.fullmatch(name):
            self.warnings.append(
                f"{printable(ascii(hostname))} is not valid as the name of a host, so {address} is used: correct the "
                "name on the console, or set hostname to private_ip"
            )
            name = address
        elif name in self._taken and name != address:
            self.warnings.append(
                f"two hosts have the name {name}: {self._taken[name]} keeps it, and the other one is {address} here; "
                "rename one of them on the console, or set hostname to private_ip"
            )
            name = address
        if name in self._taken:
            raise ConsoleError(
                f"two hosts of the console have the address {address}: a host was added twice; remove one of them on "
                "the console, or leave its status out of statuses"
            )
        self._taken[name] = address
        return name
