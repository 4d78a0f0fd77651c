# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every firewall that rules are written for can do: the one interface of all backends. Runs on Python 3.6.

A state that a host can be in is the texts of files, by paths that only the backend understands. The forward half goes
from rules to what runs: read, render, decide, diff, load. The backward half is what commit confirmed needs, also in a
process that has nothing but those texts: prove, write, go back.
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
    """What a host is to have."""

    texts: Texts
    #: None where a state is gone back to that cannot be read as rules any more.
    rules: Optional[Ruleset]


class Difference(NamedTuple):
    """What is not as wanted in one object, in one place."""

    #: A policy, a set, a file: for people.
    object: str
    #: FILES or RUNTIME.
    place: str
    lacks: Sequence[str]
    has: Sequence[str]


class Decision(NamedTuple):
    """What has to happen so that a host is as wanted. Nothing of it has happened yet."""

    changed: bool
    #: ``created``, ``changed`` and ``removed``: names of objects or files. ``entries``: set -> ``added``, ``removed``.
    actions: Dict[str, Any]
    #: Why the rules have to be loaded anew. Empty where nothing changes but entries of sets, or nothing at all.
    reload_reasons: List[str]
    #: How what runs differs, although the files are right.
    drift: List[str]
    #: Whether all rules are loaded anew.
    reloads: bool
    #: What loading them changes of the site's own; None where nobody can tell.
    reload_changes: Optional[List[str]]
    #: The backend's own form of the changes.
    own: Any


class Candidate(NamedTuple):
    """New rules that are to be tried."""

    #: What the host goes back to.
    before: Texts
    after: Texts
    #: Brings *after* into what runs, with the files as they were; returns whether all rules were loaded anew. Raises
    #: FirewallError, and says in its ``restored`` whether the host has its earlier rules. May add to *after* what the
    #: firewall makes of it.
    load: Callable[[], bool]


class RolledBack(NamedTuple):
    """How going back went."""

    done: bool
    #: The firewall does not run, so there is nothing to put right in the running rules.
    stopped: bool
    words: str


class Backend(object):
    """One firewall of one host. All methods raise FirewallError where the host does not answer as they need it."""

    #: The folder and files of its state are called after it, and users choose it by this name.
    name = ""
    #: How a candidate that runs can get lost, for people.
    loss = ""
    #: Full name of the module whose function ``backend`` makes one, for the timer.
    module = ""
    #: How the host's programs are run.
    programs = None  # type: Programs  # type: ignore[assignment]

    # What is there

    def has_files(self):  # type: () -> bool
        """Whether files of ours, or with names like ours, are on the host."""
        raise NotImplementedError

    def runs(self):  # type: () -> bool
        """Whether the firewall runs, so that it could have rules of ours."""
        raise NotImplementedError

    def version(self):  # type: () -> Optional[str]
        """None where it is not known."""
        raise NotImplementedError

    def require(self):  # type: () -> None
        """Raises FirewallError where the firewall cannot be worked with, and says what to do."""
        raise NotImplementedError

    def capabilities(self, situation):  # type: (Situation) -> Capabilities
        """What it can express, on this host."""
        raise NotImplementedError

    # Forward

    def read(self):  # type: () -> Situation
        """One read of the host: files and kernel. Changes nothing."""
        raise NotImplementedError

    def found(self, situation):  # type: (Situation) -> Texts
        """What of the files is ours: the state that the host is in, and goes back to."""
        raise NotImplementedError

    def can_try(self, situation):  # type: (Situation) -> bool
        """Whether rules can be loaded for a while without being written to stay."""
        raise NotImplementedError

    def leave_out(self, rules, guard):  # type: (Ruleset, Optional[Guard]) -> Ruleset
        """*rules* without what the site denies, where that is asked for. Whom *guard* names keeps the way in."""
        return rules

    def render(self, rules):  # type: (Ruleset) -> Wanted
        """The form that *rules* have on this host."""
        raise NotImplementedError

    def earlier(self, texts):  # type: (Texts) -> Wanted
        """A state that was committed once, in the form that this host can load today."""
        raise NotImplementedError

    def decide(self, situation, wanted):  # type: (Situation, Wanted) -> Decision
        """What stands between the host and what is *wanted*. Raises FirewallError where the site is in the way."""
        raise NotImplementedError

    def permit(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> Decision
        """The same, with what it costs. Raises FirewallError where it may not, or cannot, be carried out."""
        raise NotImplementedError

    def differences(self, situation, wanted):  # type: (Situation, Wanted) -> List[Difference]
        """Object by object, for people."""
        raise NotImplementedError

    def diff(self, situation, wanted):  # type: (Situation, Wanted) -> List[Dict[str, Any]]
        """Ansible's diff: of the files, and of what runs where that was something else."""
        raise NotImplementedError

    def load(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> bool
        """Writes, loads and proves, to stay; or restores, and raises FirewallError. Whether all was loaded anew."""
        raise NotImplementedError

    def candidate(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> Candidate
        """The same, to be tried first."""
        raise NotImplementedError

    # Beside our own rules

    def alarms(self):  # type: () -> List[str]
        """What is wrong with the host's firewall before any rule is compared: it failed, or filters nothing."""
        return []

    def warnings(self, situation, wanted):  # type: (Situation, Wanted) -> List[str]
        """What a user must know although nothing is wrong with our own rules."""
        raise NotImplementedError

    def openings(self, situation, internal):
        # type: (Situation, Sequence[Refused]) -> Optional[List[Dict[str, Any]]]
        """Where the site opens one of the *internal* ports; None where nobody can tell."""
        raise NotImplementedError

    def ipv6(self, situation):  # type: (Situation) -> str
        """``written``, ``not in use``, ``not filtered`` or ``left to the product``."""
        raise NotImplementedError

    # Backward

    def prove(self, texts):  # type: (Texts) -> List[str]
        """How what runs differs from *texts*, asked of the kernel. None of them is the proof that it holds."""
        raise NotImplementedError

    def write(self, texts):  # type: (Texts) -> None
        """The files, each whole or not at all, and nothing that runs."""
        raise NotImplementedError

    def go_back(self, before, candidate):  # type: (Texts, Texts) -> RolledBack
        """Files and what runs from *candidate*, or from half of it, to *before*, proven."""
        raise NotImplementedError

    def committed(self, texts):  # type: (Texts) -> Texts
        """What of *texts* makes a state that can be gone back to later."""
        return texts
