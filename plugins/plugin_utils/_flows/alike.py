# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules name the same peers in two plans, without a look at each peer: that is what most rules do."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import Directory, is_name
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.spans import Span, meet, spans_of, without
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import InboundRule, Plan, SourceClass


class Alike:
    """What two plans have in common."""

    def __init__(self, old: Plan, new: Plan, before: Directory, after: Directory) -> None:
        self._classes = new.source_classes
        self._directory = after
        #: Hosts with other addresses, and addresses of other hosts.
        self._hosts = {name for name in {*before.own, *after.own} if before.own.get(name) != after.own.get(name)}
        self._moved = _of_other_owners(before.owners, after.owners)
        labels = {*old.source_classes, *new.source_classes}
        self._differ = {
            label
            for label in labels
            if self._is_other(label, old.source_classes.get(label), new.source_classes.get(label))
        }
        #: Of the addresses that moved, those that no network of some classes has.
        self._loose: dict[tuple[str, ...], list[Span]] = {}

    def names_the_same(self, rule: InboundRule) -> bool:
        """Whether *rule*, which both plans have, has the same endpoints in both."""
        classes = rule.source_classes
        if classes not in self._loose:
            networks = [self._classes[label].networks for label in classes if label in self._classes and is_name(label)]
            self._loose[classes] = without(self._moved, spans_of(cidr for cidrs in networks for cidr in cidrs))
        if not self._differ.isdisjoint(classes):
            return False
        # A class explains its members. For the rest of the addresses, it counts whose they are.
        return not meet(self._directory.spans(rule.sources), self._loose[classes])

    def _is_other(self, label: str, old: SourceClass | None, new: SourceClass | None) -> bool:
        if old is None or new is None or old != new:
            return True
        if self._hosts and not self._hosts.isdisjoint(new.hosts):
            return True
        # An address that one of the site's own flows names is that of the host that has it.
        return not is_name(label) and meet(spans_of(new.networks), self._moved)


def _of_other_owners(before: dict[Span, list[str]], after: dict[Span, list[str]]) -> list[Span]:
    """The addresses that other hosts have, sorted."""
    return sorted(span for span in {*before, *after} if before.get(span) != after.get(span))
