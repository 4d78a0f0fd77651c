# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""firewalld as a backend. Runs on Python 3.6."""

from typing import Any, Dict, List, Optional, Sequence

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
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import State, state_of
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.apply import Situation
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import (
    Client,
    CommandError,
    NotAsked,
    Status,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.defense import Defense, Trial
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.denying import leave_out
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.diff import (
    before_and_after,
    compare_runtime,
    entry_actions,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.drift import differences
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import (
    PermanentFiles,
    compare_files,
    my_texts,
    ruleset_of_texts,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.inline_sets import (
    fits,
    fitted,
    fitted_texts,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.kept_entries import require_no_collisions
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.openings import site_openings
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.orphans import flush
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.reloading import NEEDED, judge_reload
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.runtime import read_runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.site_denials import (
    SiteDenials,
    denial_warnings,
    read_denials,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import answers_always_leave
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV6
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import Guard
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import POLICY_IN, PRIORITY, FirewalldError, Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.rows import Refused


class FirewalldBackend(Backend):
    """Policies and sets of ours, in firewalld's own files and over its own interface."""

    name = "firewalld"
    loss = "firewalld was reloaded or restarted"
    module = __name__

    def __init__(self, client, files, state=None, reload=NEEDED, offline=False, respect_denials=False):
        # type: (Client, PermanentFiles, Optional[State], str, bool, bool) -> None
        """*state*: None for the one of this host.

        *reload*: when firewalld may be reloaded. *offline*: files may be written where it does not run.
        *respect_denials*: what the site denies is left out of what is accepted.
        """
        self.programs = client
        self._client = client
        self._files = files
        self._reload = reload
        self._offline = offline
        self._respect = respect_denials
        self._denials = None  # type: Optional[SiteDenials]
        self._status = None  # type: Optional[Status]
        self._defense = Defense(client, files, state or state_of(self.name))
        self._untried = ""

    def has_files(self):  # type: () -> bool
        return bool(self._files.read())

    def runs(self):  # type: () -> bool
        return self._asked().running

    def version(self):  # type: () -> Optional[str]
        return self._asked().version or None

    def require(self):  # type: () -> None
        self._status = verbs.require_firewalld(self._client, self._offline, known=self._status)
        if self._status.running:
            self._defense.require_loaded(self._files.read())

    def capabilities(self, situation):  # type: (Situation) -> Capabilities
        version = self._asked().version
        outbound = _answers_leave(situation, version)
        reasons = {} if outbound else {"outbound": _HOLDS_BACK_ANSWERS % version}
        return Capabilities(
            outbound=outbound,
            refusal=True,
            ipv6=True,
            networks=True,
            confirmation=True,
            beside_site=True,
            reasons=reasons,
        )

    def _asked(self):  # type: () -> Status
        """One answer for the forward half of a run. Going back asks each time: it may have to wait for firewalld."""
        if self._status is None:
            self._status = self._client.status()
        return self._status

    # Forward

    def read(self):  # type: () -> Situation
        return verbs.read(self._client, self._files, self._asked().running)

    def found(self, situation):  # type: (Situation) -> Texts
        return my_texts(situation.found)

    def can_try(self, situation):  # type: (Situation) -> bool
        return situation.runtime is not None

    def leave_out(self, rules, guard):  # type: (Ruleset, Optional[Guard]) -> Ruleset
        return leave_out(rules, self._site_denials().permanent, guard) if self._respect else rules

    def _site_denials(self):  # type: () -> SiteDenials
        """One read for a run, before anything of it is changed."""
        if self._denials is None:
            self._denials = read_denials(self._client, self._files, self._asked().running)
        return self._denials

    def render(self, rules):  # type: (Ruleset) -> Wanted
        rules = fitted(self._client, rules)
        return Wanted(render(rules), rules)

    def earlier(self, texts):  # type: (Texts) -> Wanted
        return self.render(ruleset_of_texts(texts))

    def rules_of(self, texts):  # type: (Texts) -> Ruleset
        return ruleset_of_texts(texts)

    def decide(self, situation, wanted):  # type: (Situation, Wanted) -> Decision
        self._files.require_readable(situation.found)
        changes = verbs.decide(self._files, situation, wanted)
        if situation.runtime is not None and not changes.reload and self._defense.stands_in():
            # Left by a way back that was killed. Only what firewalld has proven to load takes it away.
            changes = changes._replace(reload=(_STANDS_IN,), entries={})
        actions = verbs.object_actions(changes)  # type: Dict[str, Any]
        actions["entries"] = entry_actions(situation.files, wanted.rules, changes.entries.items())
        return Decision(
            changed=changes.any(),
            actions=actions,
            reload_reasons=list(changes.reload),
            drift=list(changes.drift),
            reloads=bool(changes.reload),
            reload_changes=[],
            own=changes,
        )

    def permit(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> Decision
        loads = bool(decision.own.reload) or (situation.runtime is None and decision.changed)
        if loads and situation.runtime is not None:
            try:
                # It knows the remedy, which a trial does not. Ours are without sets where the program is missing.
                self._client.require_loadable(replaced=my_texts(situation.found))
            except CommandError as error:
                raise FirewalldError("%s. Nothing was written" % error)
        if loads:
            # It takes as long as a start of firewalld, and asking what a reload would cost meanwhile is free.
            self._defense.begin(Trial(tuple(my_texts(situation.found)), wanted.texts))
        try:
            changes, lost = judge_reload(self._client, self._files.etc, decision.own, self._reload)
            if changes.reload:
                require_no_collisions(self._client)
            if loads:
                self._untried = self._defense.verdict()
        finally:
            self._defense.end()
        return decision._replace(own=changes, reload_changes=lost)

    def differences(self, situation, wanted):  # type: (Situation, Wanted) -> List[Difference]
        return differences(situation.files, situation.runtime, wanted.rules)

    def diff(self, situation, wanted):  # type: (Situation, Wanted) -> List[Dict[str, Any]]
        return before_and_after(situation.files, situation.runtime, wanted.rules)

    def load(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> bool
        reloaded = verbs.apply(self._client, self._files, situation, wanted.rules, decision.own, self._defense)
        self._defense.forget()
        return reloaded

    def candidate(self, situation, wanted, decision):  # type: (Situation, Wanted, Decision) -> Candidate
        return Candidate(
            self.found(situation),
            wanted.texts,
            lambda: verbs.stage(self._client, self._files, situation, wanted.rules, decision.own, self._defense),
        )

    # Beside our own rules

    def alarms(self):  # type: () -> List[str]
        # A site that has no firewall, and no rules of ours, is none that has lost them.
        return self._defense.alarms() if self.runs() or self.has_files() else []

    def warnings(self, situation, wanted):  # type: (Situation, Wanted) -> List[str]
        found = []
        if self._untried:
            found.append(
                "Whether firewalld can load its files could not be tried before the reload (%s). If it cannot, the "
                "host gets a snapshot of its earlier rules" % self._untried
            )
        if not wanted.rules.policies:
            return found
        found += [
            "The site's policy %s is or may be evaluated before %s: packets that it accepts are not rejected, and "
            "packets that it rejects are not accepted." % (name, POLICY_IN)
            for name in self._files.earlier_policies(PRIORITY)
        ]
        return found + denial_warnings(self._site_denials(), wanted.rules, self._respect)

    def openings(self, situation, internal):
        # type: (Situation, Sequence[Refused]) -> Optional[List[Dict[str, Any]]]
        if not internal or situation.runtime is None:
            return []
        try:
            return site_openings(self._client, internal)
        except (NotAsked, CommandError):
            return None

    def ipv6(self, situation):  # type: (Situation) -> str
        return "written" if situation.runtime is None or IPV6 in situation.runtime.families else "not in use"

    # Backward

    def prove(self, texts):  # type: (Texts) -> List[str]
        return verbs.prove(self._client, ruleset_of_texts(texts)).words()

    def write(self, texts):  # type: (Texts) -> None
        if not fits(self._client, ruleset_of_texts(texts)):
            raise FirewalldError("firewalld can no longer load sets")
        self._write(texts)
        self._defense.forget()

    def _write(self, texts):  # type: (Texts) -> None
        self._files.write(compare_files(self._files.read(), texts))

    def go_back(self, before, candidate):  # type: (Texts, Texts) -> RolledBack
        try:
            try:
                outcome = self._go_back(before, candidate)
            except CommandError:
                # firewalld 0.9.3 fails at the first reload after a failure, and not at the second.
                outcome = self._go_back(before, candidate)
        except Exception as error:  # pylint: disable=broad-except
            words = self._defense.fall_back(str(error) or repr(error))
            raise FirewalldError("%s%s" % (str(error) or repr(error), ". " + words if words else ""))
        if not outcome.stopped:
            on_snapshot = self._defense.on_snapshot()
            if on_snapshot:
                # The rules are the committed ones, but it was not firewalld that loaded them.
                return outcome._replace(words="%s. %s" % (outcome.words, on_snapshot))
            self._defense.proven()
            self._defense.forget()
        return outcome

    def _go_back(self, before, candidate):  # type: (Texts, Texts) -> RolledBack
        before = fitted_texts(self._client, before)
        self._write(before)
        committed, tried = ruleset_of_texts(before), ruleset_of_texts(candidate)
        status = self._client.status()
        if status.silent:
            # Its rules hold, and it may go on with them at any time: only it can load others to stay.
            raise FirewalldError("firewalld does not answer (%s). Its files are the committed ones" % status.reason)
        if not status.running:
            return RolledBack(True, True, self._without_firewalld(committed))
        ours = Ruleset(dict(tried.policies, **committed.policies), dict(tried.sets, **committed.sets))
        if self._load_what_differs(ours, committed):
            # Something that nobody expected is in the way: all of it anew, whatever it is.
            self._defense.cover()
            self._client.reload()
            difference = verbs.prove(self._client, committed)
            if difference.any():
                raise FirewalldError("the running rules differ from them: %s" % "; ".join(difference.words()))
        return RolledBack(True, False, "The host is back on the committed rules")

    def _load_what_differs(self, ours, committed):  # type: (Ruleset, Ruleset) -> bool
        """Whether what runs differs from *committed*, or cannot be read, all the same. Raises FirewalldError."""
        try:
            situation = Situation(self._files.read(), ours, read_runtime(self._client))
            changes = verbs.decide(self._files, situation, Wanted(render(committed), committed))
            if not changes.reload and not changes.entries:
                return False
            if changes.reload:
                self._defense.cover()
            verbs.load(self._client, situation, committed, changes)
            return verbs.prove(self._client, committed).any()
        except FirewalldError:
            raise
        except Exception:  # pylint: disable=broad-except
            return True

    def _without_firewalld(self, committed):  # type: (Ruleset) -> str
        """One that was stopped has taken its rules along; one that was killed has left them in the kernel."""
        runtime = read_runtime(self._client)
        if runtime.alive and compare_runtime(committed, runtime).any():
            flush(self._client)
        return (
            "The files are the committed ones. firewalld is not running, and no rules of the candidate are left in the "
            "kernel. The committed rules are loaded when firewalld starts"
        )


_STANDS_IN = "a snapshot of earlier rules is in force beside firewalld's rules"

_HOLDS_BACK_ANSWERS = (
    "firewalld %s on this host also rejects replies if outbound traffic is restricted, so every connection would be "
    "interrupted, including this one. Use firewalld 1.0 or later"
)


def _answers_leave(situation, version):  # type: (Situation, str) -> bool
    """Whether the host's answers leave it where a policy restricts what leaves."""
    runtime = situation.runtime
    if runtime is not None and runtime.alive:
        leave = runtime.answers_leave  # type: bool
        return leave
    return answers_always_leave(version)


def backend():  # type: () -> FirewalldBackend
    """For the timer."""
    return FirewalldBackend(Client(), PermanentFiles())
