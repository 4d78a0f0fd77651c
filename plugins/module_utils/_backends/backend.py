# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What commit confirmed asks of a firewall. Runs on Python 3.6.

A committed state and a candidate are the texts of files, by paths that only the backend understands.
"""

from typing import Callable, Dict, List, NamedTuple

Texts = Dict[str, str]


class Candidate(NamedTuple):
    """New rules that are to be tried."""

    #: What the host goes back to.
    before: Texts
    after: Texts
    #: Brings *after* into what runs, with the files as they were; returns whether that took a reload. Raises
    #: FirewallError, and says in its ``restored`` whether the host has its earlier rules. May add to *after* what the
    #: firewall makes of it.
    load: Callable[[], bool]


class RolledBack(NamedTuple):
    done: bool
    #: The firewall does not run, so there is nothing to put right in what runs.
    stopped: bool
    words: str


class Backend(object):
    #: The folder and files of its state are called after it.
    name = ""
    #: How a candidate that runs can get lost, for people.
    loss = ""
    #: Full name of the module whose function ``backend`` makes one, for the timer.
    module = ""

    def differences(self, texts):  # type: (Texts) -> List[str]
        """How what runs differs from *texts*, asked of the kernel. None of them is the proof that it holds."""
        raise NotImplementedError

    def write(self, texts):  # type: (Texts) -> None
        """The files, each whole or not at all, and nothing that runs."""
        raise NotImplementedError

    def go_back(self, before, candidate):  # type: (Texts, Texts) -> RolledBack
        """Files and what runs from *candidate*, or from half of it, to *before*, proven. Raises FirewallError."""
        raise NotImplementedError

    def committed(self, texts):  # type: (Texts) -> Texts
        """What of *texts* makes a state that can be gone back to later."""
        return texts
