# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands between a reload that fails and a host without rules. Runs on Python 3.6.

Before a reload: whether the files can be loaded at all, and a snapshot of the kernel's rules. After a reload and a
restore that both failed: that snapshot.
"""

from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import State
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import health, snapshot
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.loadable import Loadable
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import FirewalldError


class Trial(NamedTuple):
    """Files that are to be loaded: which ones of ours are replaced, and by what."""

    mine: Tuple[str, ...]
    texts: Dict[str, str]


class Defense(object):
    """Of one host, for one run or one way back."""

    def __init__(self, client, files, state):  # type: (Programs, Any, State) -> None
        self._client = client
        self._state = state
        self._loadable = Loadable(client, files.etc, files.lib, state.folder)

    def require_loaded(self, found):  # type: (Iterable[str]) -> None
        """Raises FirewalldError for a firewalld that failed before this run. *found*: paths of our files."""
        word = health.state(self._client)
        if word in ("", health.RUNNING):
            return
        self._loadable.begin((), {})
        try:
            problems = self._loadable.verdict().problems
        finally:
            self._loadable.end()
        raise FirewalldError(health.refusal(word, problems))

    def begin(self, trial):  # type: (Trial) -> None
        """Starts to try whether the files can be loaded; ``verdict`` or ``end`` has to follow."""
        self._make_folder()
        self._loadable.begin(trial.mine, trial.texts)

    def verdict(self):  # type: () -> str
        """Why it is unknown whether the files load; empty if they do. Raises FirewalldError if they do not."""
        found = self._loadable.verdict()
        if found.problems:
            raise FirewalldError(
                "firewalld cannot load its files: a reload would fail, and leave the host without rules. %s. Nothing "
                "was written. Repair these files first" % "; ".join(found.problems)
            )
        return found.untried

    def end(self):  # type: () -> None
        """Ends a trial that nobody waits for any more."""
        self._loadable.end()

    def keep(self):  # type: () -> None
        """Takes a snapshot of the kernel's rules, right before the first reload of a run."""
        self._make_folder()
        snapshot.keep(self._client, self._state.folder, self._state.boot())

    def _make_folder(self):  # type: () -> None
        """Where that fails, less is remembered: none of it is worth leaving the host as it is."""
        try:
            self._state.make_folder()
        except OSError:
            pass

    def cover(self):  # type: () -> None
        """Before a reload on the way back: the earlier rules hold beside whatever it loads, until ``proven``."""
        snapshot.cover(self._client, self._state.folder, self._state.boot())

    def stands_in(self):  # type: () -> bool
        """Whether a table of ours holds beside firewalld's, or instead of them."""
        return snapshot.stands_in(self._client)

    def fall_back(self, reason):  # type: (str) -> str
        """Puts the snapshot back where firewalld can load nothing. What the host has then; empty without one."""
        self._loadable.forget()
        folder, boot = self._state.folder, self._state.boot()
        kept = snapshot.load(folder, boot)
        if kept is None:
            return ""
        already = snapshot.marked(folder, boot)
        if already and not snapshot.differences(kept, snapshot.take(self._client)):
            return already
        result = snapshot.fall_back(self._client, folder, boot, reason)
        return "" if result is None else result.words

    def proven(self):  # type: () -> None
        """firewalld's own rules are verified: no table of ours stands in for them any more."""
        try:
            snapshot.take_away(self._client)
        except CommandError:
            # It holds the same rules as firewalld's. The next run tries again.
            pass

    def on_snapshot(self):  # type: () -> str
        """The sentence about a host that runs on a snapshot because firewalld has failed; empty for any other."""
        words = snapshot.marked(self._state.folder, self._state.boot())
        return words if words and health.state(self._client) not in ("", health.RUNNING) else ""

    def forget(self):  # type: () -> None
        """Nobody goes back behind this state any more."""
        snapshot.forget(self._state.folder)

    def alarms(self):  # type: () -> List[str]
        """What a check has to fail for before it looks at any rule."""
        return health.alarms(self._client, snapshot.marked(self._state.folder, self._state.boot()))
