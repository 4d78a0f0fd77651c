# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run does with the tables that record: who would be refused, seen before, and seen from now on. Python 3.6.

The table of what rules would refuse that are not enforced decides on nothing. It is made when such rules hold. It goes
when others are there to stay: with their confirmation, or on the way back to them.
"""

from typing import List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic import staged, table
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import Seen, merge, written
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.staged import Staged
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.table import TableError
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset

_NO_NFT = "nft is not on this host"
_NOT_LISTED = "nft has made the table and does not list all of it"
#: An earlier state has what it accepts, and not what it would refuse.
_UNKNOWN = "what an earlier state would reject is not known; apply the plan with jsa_firewall_refuse: log"


class Recording(NamedTuple):
    """What is there of the table, and what has to become of it."""

    #: None where there is none.
    held: Optional[Staged]
    #: Whether it is to be there.
    wanted: bool
    #: By which rules it is to record. None where they are not known.
    rules: Optional[Ruleset]
    #: Why nothing can be recorded, as a clause; empty where it can.
    problem: str = ""

    @property
    def changed(self):  # type: () -> bool
        """Whether it has to be made, changed, or removed."""
        if not self.wanted:
            return self.held is not None
        if self.rules is None or self.problem:
            return False
        return self.held is None or self.held.digest != staged.digest_of(self.rules)

    def words(self):  # type: () -> str
        """Of rules that are not enforced: whether what they would refuse is recorded, as a clause."""
        if self.problem:
            return "is not recorded (%s)" % self.problem
        since = self.held.since if self.held is not None else None
        if self.changed and since is None:
            return "is recorded from this run on"
        return "is recorded since %s" % (written(since) or "an unknown time")


def look(programs, wanted, rules, now):  # type: (Programs, bool, Optional[Ruleset], float) -> Recording
    """*wanted*: whether the rules are not to be enforced. *rules*: as they would be. *now*: seconds since 1970."""
    if programs.program("nft") is None:
        return Recording(None, wanted, rules, _NO_NFT)
    try:
        held = staged.read(programs, now)
    except TableError as error:
        return Recording(None, wanted, rules, str(error))
    problem = _UNKNOWN if wanted and rules is None and (held is None or not held.digest) else ""
    return Recording(held, wanted, rules, problem)


def settle(programs, recording, now):  # type: (Programs, Recording, float) -> Recording
    """Makes, changes, or removes the table. It is no reason to fail: where it does not work, ``problem`` says why."""
    if not recording.changed:
        return recording
    try:
        if recording.rules is None or not recording.wanted:
            staged.delete(programs)
            return recording._replace(held=None)
        known = recording.held.since if recording.held is not None else None
        missed = recording.held.not_recorded if recording.held is not None else 0
        staged.write(programs, recording.rules, int(now) if known is None else known, missed)
        held = staged.read(programs, now)
        made = held is not None and held.digest == staged.digest_of(recording.rules)
        return recording._replace(held=held, problem="" if made else _NOT_LISTED)
    except TableError as error:
        return recording._replace(problem=str(error))


def recorded(programs, recording, now):  # type: (Programs, Recording, float) -> Tuple[Tuple[Seen, ...], str]
    """Who has contacted this host, by both tables, and why that cannot be read; empty where it can."""
    if programs.program("nft") is None:
        return (), ""
    found = []  # type: List[Seen]
    if recording.held is not None:
        found += recording.held.traffic.inbound
    try:
        learned = table.read(programs, now)
    except TableError as error:
        return merge(found), "The record of who contacts this host could not be read: %s" % error
    known = {item.key for item in found}
    if learned is not None:
        found += [item for item in learned.traffic.inbound if item.key not in known]
    return merge(found), ""
