# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The product's own iptables, as commit confirmed sees it. Runs on Python 3.6.

The texts of a state are our lines by name of the file, and by their path what the product has generated from them.
"""

from typing import List

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.apply import Bodies, Host, Situation
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.files import Files
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.product import Product
from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Backend, Candidate, RolledBack, Texts
from ansible_collections.jsa.ports.plugins.module_utils._backends.detect import QRADAR
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import IPV4, IPV6

GENERATED = {IPV4: "/etc/sysconfig/iptables", IPV6: "/etc/sysconfig/ip6tables"}


class ApplianceBackend(Backend):
    name = "appliance"
    loss = "the product has built its rules anew, as it does in a deployment, or the firewall was restarted"
    module = __name__

    def __init__(self, host):  # type: (Host) -> None
        self._host = host

    def candidate(self, situation, wanted):  # type: (Situation, Bodies) -> Candidate
        before = dict(situation.bodies, **situation.generated)
        after = dict(wanted)

        def load():  # type: () -> bool
            after.update(verbs.stage(self._host, situation, wanted))
            return True

        return Candidate(before, after, load)

    def committed(self, texts):  # type: (Texts) -> Texts
        return {name: text for name, text in texts.items() if not name.startswith("/")}

    def _generated(self, texts):  # type: (Texts) -> Texts
        return {name: text for name, text in texts.items() if name.startswith("/")}

    def differences(self, texts):  # type: (Texts) -> List[str]
        self._host.product.quiet()
        found = []  # type: List[str]
        for family in self._host.families:
            found += verbs.compare_live(texts, family, self._host.live(family) or "")
        return found

    def write(self, texts):  # type: (Texts) -> None
        self._host.files.write_bodies(self._host.names, self.committed(texts))
        self._host.files.write(dict(self._generated(texts)))

    def go_back(self, before, candidate):  # type: (Texts, Texts) -> RolledBack
        note = verbs.go_back(self._host, self.committed(before), self._generated(before))
        return RolledBack(True, False, "The host is back on the committed rules" + note)


def backend():  # type: () -> ApplianceBackend
    return ApplianceBackend(Host(Product(), Files(QRADAR + "/conf", GENERATED)))
