# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""firewalld, as commit confirmed sees it. Runs on Python 3.6."""

from typing import List

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Backend, Candidate, RolledBack, Texts
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.apply import Changes, Situation
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.diff import compare_runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import (
    PermanentFiles,
    compare_files,
    my_texts,
    ruleset_of_texts,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.inline_sets import fits, fitted_texts
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.orphans import flush
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.runtime import read_runtime
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import FirewalldError, Ruleset


class FirewalldBackend(Backend):
    name = "firewalld"
    loss = "firewalld was reloaded or restarted"
    module = __name__

    def __init__(self, client, files):  # type: (Client, PermanentFiles) -> None
        self._client = client
        self._files = files

    def candidate(self, situation, wanted, changes):  # type: (Situation, Ruleset, Changes) -> Candidate
        return Candidate(
            my_texts(situation.found),
            render(wanted),
            lambda: verbs.stage(self._client, self._files, situation, wanted, changes),
        )

    def differences(self, texts):  # type: (Texts) -> List[str]
        return verbs.prove(self._client, ruleset_of_texts(texts)).words()

    def write(self, texts):  # type: (Texts) -> None
        if not fits(self._client, ruleset_of_texts(texts)):
            raise FirewalldError("firewalld cannot load sets any more, as it could when they were tried")
        self._write(texts)

    def _write(self, texts):  # type: (Texts) -> None
        self._files.write(compare_files(self._files.read(), texts))

    def go_back(self, before, candidate):  # type: (Texts, Texts) -> RolledBack
        before = fitted_texts(self._client, before)
        self._write(before)
        committed, tried = ruleset_of_texts(before), ruleset_of_texts(candidate)
        if not self._client.status().running:
            return RolledBack(True, True, self._without_firewalld(committed))
        ours = Ruleset(dict(tried.policies, **committed.policies), dict(tried.sets, **committed.sets))
        situation = Situation(self._files.read(), ours, read_runtime(self._client))
        changes = verbs.decide(self._files, situation, committed)
        if changes.reload or changes.entries:
            verbs.load(self._client, situation, committed, changes)
            difference = verbs.prove(self._client, committed)
            if difference.any():
                raise FirewalldError("what runs differs from them: %s" % "; ".join(difference.words()))
        return RolledBack(True, False, "The host is back on the committed rules")

    def _without_firewalld(self, committed):  # type: (Ruleset) -> str
        """One that was stopped has taken its rules along; one that was killed has left them in the kernel."""
        runtime = read_runtime(self._client)
        if runtime.alive and compare_runtime(committed, runtime).any():
            flush(self._client)
        return (
            "The files are the committed ones. firewalld does not run, nothing of the candidate is left in the "
            "kernel; the committed rules are loaded when it starts"
        )


def backend():  # type: () -> FirewalldBackend
    return FirewalldBackend(Client(), PermanentFiles())
