# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interface of all backends: what each firewall can do with rules. Runs on Python 3.6.

A state of a host is a mapping of paths to the texts of files. Only the backend knows what the paths mean. The forward
half turns rules into running ones: read, render, decide, diff, load. Commit confirmed needs the backward half, also in
a process that has only those texts: prove, write, go back.
"""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._backends.capabilities import Capabilities
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import Guard
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.rows import Refused

Texts = Dict[str, str]

#: A backend's own form of one read of the host.
Situation = Any

FILES = "files"
RUNTIME = "runtime"


class Wanted(NamedTuple):
    """The rules that a host should have."""

    texts: Texts
    #: None for an earlier state that cannot be read as rules.
    rules: Optional[Ruleset]


class Difference(NamedTuple):
    """The differences from the wanted rules in one object and place."""

    #: The name of a policy, a set, or a file, for messages.
    object: str
    #: FILES or RUNTIME.
    place: str
    lacks: Sequence[str]
    has: Sequence[str]


class Decision(NamedTuple):
    """The changes that make a host as wanted. None of them has been made yet."""

    changed: bool
    #: ``created``, ``changed`` and ``removed``: names of objects or files. ``entries``: set -> ``added``, ``removed``.
    actions: Dict[str, Any]
    #: Why the rules must be reloaded. Empty if only entries of sets change, or nothing.
    reload_reasons: List[str]
    #: How the running rules differ although the files are right.
    drift: List[str]
    #: Whether all rules are reloaded.
    reloads: bool
    #: What the reload changes in the site's own rules. None if that is unknown.
    reload_changes: Optional[List[str]]
    #: The backend's own form of the changes.
    own: Any


class Candidate(NamedTuple):
    """New rules to load for a limited time."""

    #: The state that a rollback restores.
    before: Texts
    after: Texts
    #: Loads *after* and keeps the files. Returns whether all rules were reloaded. Raises FirewallError, whose
    #: ``restored`` says whether the host has its earlier rules. Can add to *after* what the firewall makes of it.
    load: Callable[[], bool]


class RolledBack(NamedTuple):
    """The result of a rollback."""

    done: bool
    #: Whether the firewall does not run, so that there are no running rules to restore.
    stopped: bool
    words: str


class Backend(object):
    """One firewall of one host. All methods raise FirewallError if the host does not answer as expected."""

    #: The name that users choose it by, and that its folder and files of state have.
    name = ""
    #: How a running candidate can get lost, for messages.
    loss = ""
    #: Full name of the Python module whose function ``backend`` returns one, for the timer.
    module = ""
    #: Runs the host's programs.
    programs = None  # type: Programs  # type: ignore[assignment]

    # What is there

    def has_files(self):  # type: () -> bool
        """Whether the host has files with the names of ours."""
        raise NotImplementedError

    def runs(self):  # type: () -> bool
        """Whether the firewall runs."""
        raise NotImplementedError

    def version(self):  # type: () -> Optional[str]
        """The version of the firewall, None if it is unknown."""
        raise NotImplementedError

    def require(self):  # type: () -> None
        """Raises FirewallError with the remedy if the firewall cannot be used."""
        raise NotImplementedError

    def capabilities(self, situation):  # type: (Situation) -> Capabilities
        """What the backend can express on this host."""
        raise NotImplementedError

    # Forward

    def read(self):  # type: () -> Situation
        """Reads files and running rules once. Changes nothing."""
        raise NotImplementedError

    def found(self, situation):  # type: (Situation) -> Texts
        """Our files: the current state of the host, which a rollback restores."""
        raise NotImplementedError

    def can_try(self, situation):  # type: (Situation) -> bool
        """Whether rules can be loaded for a limited time without a change of the files."""
        raise NotImplementedError

    def leave_out(self, rules, guard):  # type: (Ruleset, Optional[Guard]) -> Ruleset
        """*rules* without what the site denies, if that is an option. The networks of *guard* keep their access."""
        return rules

    def render(self, rules):  # type: (Ruleset) -> Wanted
        """*rules* in the form that they have on this host."""
        raise NotImplementedError

    def earlier(self, texts):  # type: (Texts) -> Wanted
        """An earlier committed state, in the form that this host can load now."""
        raise NotImplementedError

    def rules_of(self, texts):  # type: (Texts) -> Ruleset
        """What the rules in *texts* accept and refuse. Without any, it is empty."""
        raise NotImplementedError

    def decide(self, situation, wanted):  # type: (Situation, Wanted) -> Decision
        """The changes from the host to *wanted*. Raises FirewallError if the site's own rules prevent them."""
        raise NotImplementedError

    def permit(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> Decision
        """*decision* with its costs. Raises FirewallError if an option forbids it, or if it cannot be loaded."""
        raise NotImplementedError

    def differences(self, situation, wanted):  # type: (Situation, Wanted) -> List[Difference]
        """The differences by object, for messages."""
        raise NotImplementedError

    def diff(self, situation, wanted):  # type: (Situation, Wanted) -> List[Dict[str, Any]]
        """Ansible's diff of the files, and of the running rules if these were different."""
        raise NotImplementedError

    def load(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> bool
        """Writes, loads, and verifies permanent rules. Returns whether all rules were reloaded.

        Raises FirewallError after it has restored the earlier ones.
        """
        raise NotImplementedError

    def candidate(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> Candidate
        """The same change as a candidate, to be confirmed first."""
        raise NotImplementedError

    # Beside our own rules

    def alarms(self):  # type: () -> List[str]
        """Why the host has no working firewall, whatever its rules: it failed, or filters nothing. Usually empty."""
        return []

    def warnings(self, situation, wanted):  # type: (Situation, Wanted) -> List[str]
        """What the user should know about the site's own rules."""
        raise NotImplementedError

    def openings(self, situation, internal):
        # type: (Situation, Sequence[Refused]) -> Optional[List[Dict[str, Any]]]
        """Where the site opens one of the *internal* ports. None if that is unknown."""
        raise NotImplementedError

    def ipv6(self, situation):  # type: (Situation) -> str
        """What happens to IPv6: ``written``, ``not in use``, ``not filtered``, or ``left to the product``."""
        raise NotImplementedError

    # Backward

    def prove(self, texts):  # type: (Texts) -> List[str]
        """The differences of the kernel's rules from *texts*. An empty list proves that they are the same."""
        raise NotImplementedError

    def write(self, texts):  # type: (Texts) -> None
        """Writes the files, each atomically. Does not change the running rules."""
        raise NotImplementedError

    def go_back(self, before, candidate):  # type: (Texts, Texts) -> RolledBack
        """Restores files and running rules from *candidate*, or from a part of it, to *before*, and verifies them."""
        raise NotImplementedError

    def committed(self, texts):  # type: (Texts) -> Texts
        """The part of *texts* that a later rollback needs."""
        return texts
