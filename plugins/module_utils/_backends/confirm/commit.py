# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commit confirmed: stage, then confirm or go back. Runs on Python 3.6, with the lock held by the caller.

A timer is armed before the first file is touched, and it knows from then on what the host has to go back to: whoever is
killed at whatever moment, it puts files and runtime back. The one moment in which a candidate becomes the committed
state is the removal of pending.json.
"""

import os
import syslog
import time

from typing import Callable, Dict, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import (
    Backend,
    Candidate,
    RolledBack,
    Texts,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import (
    Commit,
    LastResult,
    Pending,
    State,
    digest,
    timestamp,
)
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.clock import boot_clock
from ansible_collections.jsa.ports.plugins.module_utils._host.nftables import end_staged_record
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import parse_ssh_connection
from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.module_utils._rules.staged import refuses_anyone

#: For so long a timer waits, at a time, for a firewall that restarts or fails.
_PATIENCE = 15.0


class Host(NamedTuple):
    """What the functions here work on."""

    backend: Backend
    state: State
    clock: Callable[[], float] = boot_clock


class NotConfirmed(FirewallError):
    """The candidate was not confirmed. The text says why and what the host has now."""


def watched(host, pending):  # type: (Host, Pending) -> bool
    """Whether a timer of this boot was armed for it: otherwise the host has started since."""
    return pending.boot == host.state.boot() and host.state.armed() == pending.id


def waiting(host):  # type: (Host) -> Optional[str]
    """The sentence about a candidate that waits, None where there is none."""
    pending = host.state.pending()
    if pending is None or not watched(host, pending) or pending.deadline <= host.clock():
        return None
    now = host.clock()
    return (
        "rules that %s loaded %d seconds ago wait for their confirmation. They are confirmed or rolled back "
        "within %d seconds. Run this again then"
        % (
            "the controller %s" % pending.controller if pending.controller else "another run",
            now - pending.since,
            pending.deadline - now + 1,
        )
    )


def settle(host):  # type: (Host) -> None
    """What an earlier candidate has left, before a run does anything. Raises FirewallError where one waits."""
    sentence = waiting(host)
    if sentence:
        raise FirewallError(sentence)
    pending = host.state.pending()
    if pending is None:
        return
    if watched(host, pending):
        outcome = roll_back(host, pending, "it was not confirmed in time, and its timer is gone")
        if not outcome.done:
            raise FirewallError("unconfirmed rules could not be rolled back. %s" % outcome.words)
    elif not _was_written(host, pending):
        _after_restart(host, pending)
    host.state.remove_pending()


def _was_written(host, pending):  # type: (Host, Pending) -> bool
    """The confirmation has got as far as the history, which comes after the files, before the host was restarted."""
    return any(commit.id == pending.id for commit in host.state.history())


def _after_restart(host, pending):  # type: (Host, Pending) -> None
    """The host has started on its files. A confirmation, or a load, that was cut off may have left some of each."""
    if not host.backend.prove(pending.before):
        if pending.loaded:
            why = "the host was restarted while it waited"
            record(host, pending, why, "The host has started with the committed rules")
        return
    outcome = roll_back(host, pending, "the host was restarted in the middle of a change")
    if not outcome.done:
        raise FirewallError("unconfirmed rules could not be rolled back. %s" % outcome.words)


def confirmed(host, identity):  # type: (Host, str) -> bool
    """Whether the candidate has become the committed state. While it waits it has not, whatever the history says."""
    pending = host.state.pending()
    if pending is not None and pending.id == identity:
        return False
    return any(commit.id == identity for commit in host.state.history())


def ended(host, identity):  # type: (Host, str) -> bool
    """Whether there is a record of the candidate's end. One that is gone without a record is lost."""
    result = host.state.last_result()
    return (result is not None and result.id == identity) or confirmed(host, identity)


class Origin(NamedTuple):
    """Who stages."""

    #: Address of the controller, as the host sees it.
    controller: Optional[str]
    #: What sshd calls SSH_CONNECTION.
    session: Optional[str]
    #: All addresses that the candidate lets in as controllers.
    controllers: Sequence[str] = ()


def stage(host, candidate, seconds, origin, arm):
    # type: (Host, Candidate, int, Origin, Callable[[str], None]) -> Tuple[Pending, bool]
    """Loads *candidate* without writing it to stay; *arm* starts the timer. Whether the firewall was reloaded."""
    now = host.clock()
    pending = Pending(
        id=os.urandom(8).hex(),
        boot=host.state.boot(),
        since=now,
        deadline=now + seconds,
        controller=origin.controller,
        session=origin.session,
        loaded=False,
        before=candidate.before,
        candidate=candidate.after,
        controllers=list(origin.controllers),
    )
    host.state.set_pending(pending)
    try:
        arm(pending.id)
        reloaded = candidate.load()
    except FirewallError as error:
        if not error.restored:
            _write_down(host, pending._replace(failed=str(error)))
            raise FirewallError("%s. The host tries again in %d seconds" % (error, seconds))
        # Without a record, the timer would take the state for lost.
        record(host, pending, "the rules could not be loaded", str(error), told=True)
        host.state.remove_pending()
        raise
    if _gone(host, pending):
        # This run was held up for so long that the timer has gone back meanwhile, and nobody watches any more.
        outcome = roll_back(host, pending, "the run that loaded it was delayed past its deadline", told=True)
        raise FirewallError("the rules were not loaded in time. %s" % outcome.words)
    now = host.clock()
    pending = pending._replace(since=now, deadline=now + seconds, loaded=True)
    try:
        host.state.set_pending(pending)
    except FirewallError as error:
        outcome = roll_back(host, pending, str(error))
        raise FirewallError("%s. %s" % (error, outcome.words))
    return pending, reloaded


def _gone(host, pending):  # type: (Host, Pending) -> bool
    now = host.state.pending()
    return now is None or now.id != pending.id


def _write_down(host, pending):  # type: (Host, Pending) -> None
    """For whoever goes back later. A full disk must not hide why the run failed."""
    try:
        host.state.set_pending(pending)
    except FirewallError:
        pass


def confirm(host, identity, session):  # type: (Host, str, Optional[str]) -> Commit
    """Writes the candidate to stay. *session*: SSH_CONNECTION of whoever confirms. Raises NotConfirmed.

    A second call for a candidate that was confirmed changes nothing: the answer to the first one may have been lost.
    """
    if confirmed(host, identity):
        return [commit for commit in host.state.history() if commit.id == identity][-1]
    pending = _of(host, identity)
    if pending.deadline <= host.clock():
        raise _refusal(host, pending, "the confirmation came too late")
    if pending.session is not None and _client(session) in (None, _client(pending.session)):
        raise _refusal(
            host,
            pending,
            "the confirmation came through the connection that loaded the rules, or through "
            "an unknown connection, which does not prove that new connections are accepted",
        )
    differences = host.backend.prove(pending.candidate)
    if differences:
        raise _refusal(
            host,
            pending,
            "the running rules differ from the candidate (%s): %s" % (host.backend.loss, "; ".join(differences)),
        )
    try:
        host.backend.write(pending.candidate)
        before, after = (host.backend.committed(texts) for texts in (pending.before, pending.candidate))
        commit = remember(host.state, pending.id, pending.controller, before, after, pending.controllers)
        host.state.remove_pending()
    except FirewallError as error:
        raise _refusal(host, pending, str(error))
    _end_record(host, pending.candidate)
    return commit


def _end_record(host, texts):  # type: (Host, Texts) -> None
    """Rules that refuse, or none at all, are here to stay: nothing more is recorded of what they would refuse."""
    try:
        rules = host.backend.rules_of(host.backend.committed(texts))
    except Exception:  # pylint: disable=broad-except
        # A text that nobody can read has kept no host from going back.
        return
    if not rules.policies or refuses_anyone(rules):
        end_staged_record(host.backend.programs)


def abort(host, identity, why):  # type: (Host, str, str) -> RolledBack
    """Back to the committed rules, now. Raises NotConfirmed where there is no such candidate any more."""
    return _give_up(host, _of(host, identity), why, told=True)


def _of(host, identity):  # type: (Host, str) -> Pending
    pending = host.state.pending()
    if pending is not None and pending.id == identity and watched(host, pending):
        return pending
    result = host.state.last_result()
    if result is not None and result.id == identity:
        raise NotConfirmed("%s. %s" % (result.why, result.outcome))
    raise NotConfirmed("the candidate is no longer pending")


def _refusal(host, pending, why):  # type: (Host, Pending, str) -> NotConfirmed
    return NotConfirmed("%s. %s" % (why, _give_up(host, pending, why, told=True).words))


def _give_up(host, pending, why, told, patience=0.0):  # type: (Host, Pending, str, bool, float) -> RolledBack
    outcome = roll_back(host, pending, why, told, patience)
    if outcome.done:
        host.state.remove_pending()
    return outcome


def expire(host, pending, lost=False):  # type: (Host, Pending, bool) -> RolledBack
    """What the timer does at the deadline, or at once where what the host remembers of the candidate is *lost*."""
    why = "it was not confirmed in time"
    if not pending.loaded:
        why = pending.failed or "the run that loaded it was killed"
    if lost:
        why = "its state on the host was removed or damaged"
    return _give_up(host, pending, why, told=False, patience=_PATIENCE)


def roll_back(host, pending, why, told=False, patience=0.0):
    # type: (Host, Pending, str, bool, float) -> RolledBack
    """Files and runtime back to what they were before the candidate, proven, and written down. Never raises.

    With *patience*, a firewall that just restarts, or fails, is asked again for so many seconds.
    """
    until = host.clock() + patience
    while True:
        try:
            outcome = host.backend.go_back(pending.before, pending.candidate)
        except Exception as error:  # pylint: disable=broad-except
            # Whatever it is: others can write into what a backend reads, and nobody comes after this one.
            outcome = RolledBack(
                False, False, "The rollback to the committed rules failed: %s" % (error or repr(error))
            )
        if (outcome.done and not outcome.stopped) or host.clock() >= until:
            break
        time.sleep(0.5)
    if outcome.done:
        _end_record(host, pending.before)
    record(host, pending, why, outcome.words, told)
    return outcome


def record(host, pending, why, outcome, told=False):  # type: (Host, Pending, str, str, bool) -> None
    """A line in the system's log and a file. A full disk must not keep a host from going back."""
    # Rules and programs of others may be quoted in it, and the log takes neither zero bytes nor halves of characters.
    why, outcome = printable(why), printable(outcome)
    syslog.openlog("jsa.ports", syslog.LOG_PID, syslog.LOG_DAEMON)
    syslog.syslog(
        syslog.LOG_WARNING,
        "candidate %s of %s was rolled back: %s. %s" % (pending.id, pending.controller or "this host", why, outcome),
    )
    try:
        # A confirmation that was killed may have got as far as this.
        commits = host.state.history()
        if any(commit.id == pending.id for commit in commits):
            host.state.set_history([commit for commit in commits if commit.id != pending.id])
        host.state.set_last_result(LastResult(pending.id, timestamp(), pending.controller, why, outcome, told))
    except FirewallError as error:
        syslog.syslog(syslog.LOG_WARNING, printable(str(error)))


def remember(state, identity, controller, before, after, controllers=()):
    # type: (State, str, Optional[str], Dict[str, str], Dict[str, str], Sequence[str]) -> Commit
    """Adds a committed state to those that can be gone back to."""
    commits = state.history()
    if not commits or commits[-1].digest != digest(before):
        commits.append(Commit("", timestamp(), None, digest(before), before))
    commit = Commit(identity, timestamp(), controller, digest(after), after, list(controllers))
    state.set_history(commits + [commit])
    return commit


def previous(state, current, steps):  # type: (State, Dict[str, str], int) -> Commit
    """The committed state so many *steps* before the one that the files are in."""
    commits = state.history()
    if commits and commits[-1].digest == digest(current):
        commits.pop()
    if len(commits) < steps:
        raise FirewallError(
            "this host has %d earlier states, so it cannot go back %d. Nothing was written" % (len(commits), steps)
        )
    return commits[-steps]


def unreported(host):  # type: (Host) -> Optional[LastResult]
    """A rollback that nobody has been told of."""
    result = host.state.last_result()
    return None if result is None or result.reported else result


def rollback_words(result):  # type: (LastResult) -> str
    """What the timer did when nobody was there."""
    return "Rules that %s had loaded were rolled back at %s: %s. %s" % (
        result.controller or "another run",
        result.time,
        result.why,
        result.outcome,
    )


def _client(session):  # type: (Optional[str]) -> Optional[Tuple[str, int]]
    endpoints = parse_ssh_connection(session) if session else None
    return None if endpoints is None else (str(endpoints.client), endpoints.client_port)
