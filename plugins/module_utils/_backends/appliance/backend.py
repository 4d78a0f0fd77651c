# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The product's own iptables as a backend. Runs on Python 3.6.

The texts of a state are our lines by name of the file, and by their path what the product has generated from them.
"""

from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance import explain
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.ahead import beside_warnings
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.apply import Changes, Host, Situation
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.files import Files
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.product import Product
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.reading import ruleset_of_bodies
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import render
from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import (
    Backend,
    Candidate,
    Decision,
    Difference,
    RolledBack,
    Texts,
    Wanted,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.capabilities import Capabilities
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._host.appliance import QRADAR
from ansible_collections.jsa.ports.plugins.module_utils._host.saved_rules import keeps_away
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.rows import Refused

GENERATED = {IPV4: "/etc/sysconfig/iptables", IPV6: "/etc/sysconfig/ip6tables"}

_CAPABILITIES = Capabilities(
    outbound=False,
    refusal=True,
    # Where the product has files for it; elsewhere every run warns of what that means.
    ipv6=True,
    networks=True,
    confirmation=True,
    beside_site=True,
    reasons={"outbound": "the product's own files on an appliance support inbound rules only"},
)


class ApplianceBackend(Backend):
    """A marked block of ours in the product's files, which its own program loads."""

    name = "appliance"
    loss = "the product rebuilt its rules, for example in a deployment, or the firewall was restarted"
    module = __name__

    def __init__(self, host):  # type: (Host) -> None
        self.programs = host.product
        self._host = host

    def has_files(self):  # type: () -> bool
        return bool(self._host.files.bodies(self._host.names))

    def runs(self):  # type: () -> bool
        return True

    def version(self):  # type: () -> Optional[str]
        return self._host.product.version() or None

    def require(self):  # type: () -> None
        # Whatever is missing, ``read`` and ``permit`` name it.
        return None

    def capabilities(self, situation):  # type: (Situation) -> Capabilities
        return _CAPABILITIES

    # Forward

    def read(self):  # type: () -> Situation
        return verbs.read(self._host)

    def found(self, situation):  # type: (Situation) -> Texts
        return situation.bodies

    def can_try(self, situation):  # type: (Situation) -> bool
        return True

    def render(self, rules):  # type: (Ruleset) -> Wanted
        return Wanted(render(rules, self._host.families), rules)

    def earlier(self, texts):  # type: (Texts) -> Wanted
        return Wanted(texts, None)

    def rules_of(self, texts):  # type: (Texts) -> Ruleset
        return ruleset_of_bodies(texts)

    def decide(self, situation, wanted):  # type: (Situation, Wanted) -> Decision
        changes = verbs.decide(self._host, situation, wanted.texts)
        return Decision(
            changed=changes.any(),
            actions=verbs.object_actions(changes),
            reload_reasons=changes.reasons,
            drift=[] if changes.files() else changes.reasons,
            # The product's program loads all rules, whatever has changed.
            reloads=changes.any(),
            reload_changes=[],
            own=changes,
        )

    def permit(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> Decision
        self._require_update_program(decision.own)
        return decision

    def _require_update_program(self, changes):  # type: (Changes) -> None
        """Raises FirewallError where rules have to change and the product cannot load them."""
        program = self._host.product.update_program
        if changes.any() and self._host.product.program(program) is None:
            places = ", ".join(self._host.files.path(name) for name in changes.change + changes.delete)
            left = " Rules of jsa.ports are in %s." % places if places else ""
            raise FirewallError(
                "the product's program %s is missing or cannot be run, so no rules can be loaded.%s "
                "Nothing was written. Restore the program and run this again" % (program, left)
            )

    def differences(self, situation, wanted):  # type: (Situation, Wanted) -> List[Difference]
        return explain.differences(self._host, situation, wanted.texts)

    def diff(self, situation, wanted):  # type: (Situation, Wanted) -> List[Dict[str, Any]]
        return explain.before_and_after(self._host, situation, wanted.texts)

    def load(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> bool
        verbs.load(self._host, situation, wanted.texts)
        return True

    def candidate(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> Candidate
        before = dict(situation.bodies, **situation.generated)
        after = dict(wanted.texts)

        def load():  # type: () -> bool
            after.update(verbs.stage(self._host, situation, wanted.texts))
            return True

        return Candidate(before, after, load)

    # Beside our own rules

    def alarms(self):  # type: () -> List[str]
        text = self._host.live(IPV4)
        if text is None or keeps_away(text):
            return []
        return ["The kernel filters nothing that comes to this host: every port can be reached from everywhere"]

    def warnings(self, situation, wanted):  # type: (Situation, Wanted) -> List[str]
        found = []
        without_ipv6 = explain.without_ipv6(self._host)[1]
        if without_ipv6:
            found.append(without_ipv6)
        if Client().status().running:
            found.append(
                "firewalld runs on this appliance. Its unit and iptables.service exclude each other, so the "
                "product's rules may be removed at any time, and firewalld's rules apply, too. Stop it and "
                "reload the product's rules: systemctl disable --now firewalld && systemctl restart iptables"
            )
        return found + beside_warnings(self._host, situation, wanted.texts)

    def openings(self, situation, internal):
        # type: (Situation, Sequence[Refused]) -> Optional[List[Dict[str, Any]]]
        # What the site has before our block, the warnings name; what is behind it, the block decides before.
        return []

    def ipv6(self, situation):  # type: (Situation) -> str
        return explain.without_ipv6(self._host)[0]

    # Backward

    def prove(self, texts):  # type: (Texts) -> List[str]
        self._host.product.quiet()
        found = []  # type: List[str]
        for family in self._host.families:
            found += verbs.compare_live(texts, family, self._host.live(family) or "")
        return found

    def write(self, texts):  # type: (Texts) -> None
        self._host.files.write_bodies(self._host.names, self.committed(texts))
        self._host.files.write(dict(_generated(texts)))

    def go_back(self, before, candidate):  # type: (Texts, Texts) -> RolledBack
        note = verbs.go_back(self._host, self.committed(before), _generated(before))
        return RolledBack(True, False, "The host is back on the committed rules" + note)

    def committed(self, texts):  # type: (Texts) -> Texts
        return {name: text for name, text in texts.items() if not name.startswith("/")}


def _generated(texts):  # type: (Texts) -> Texts
    return {name: text for name, text in texts.items() if name.startswith("/")}


def open_appliance(product):  # type: (Product) -> ApplianceBackend
    """The appliance that this host is."""
    return ApplianceBackend(Host(product, Files(QRADAR + "/conf", GENERATED)))


def backend():  # type: () -> ApplianceBackend
    """For the timer."""
    return open_appliance(Product())
