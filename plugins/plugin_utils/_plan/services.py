# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the services behind a plan's rules are called."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.outbound import DEPLOYMENT, DNS

#: What is no entry of the catalog.
_OWN = {DEPLOYMENT: "all services of the deployment", DNS: "DNS"}


class Services:
    """The names of the services of some plans, by the ids of their entries."""

    def __init__(self, *plans: Plan) -> None:
        self._names = _OWN | {name: entry.service for name, entry in load_catalog().items()}
        self._texts: dict[tuple[str, ...], str] = {}
        for plan in plans:
            # Entries of the site's own; hosts of one kind share their listeners.
            shared = {id(host.listeners): host.listeners or () for host in plan.hosts.values()}
            for listeners in shared.values():
                self._names.update((one.id, one.service) for one in listeners if one.id not in self._names)
            for host in plan.hosts.values():
                self._names.update((one.id, one.service) for one in host.dynamic if one.id not in self._names)

    def text(self, ids: Iterable[str]) -> str:
        """The services of a rule's ``why``, each once; an entry that nobody knows by its id."""
        key = tuple(ids)
        if key not in self._texts:
            # Names have commas, as "NetFlow, second port" does.
            self._texts[key] = "; ".join(dict.fromkeys(self._names.get(one) or one for one in key))
        return self._texts[key]
