# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts of a play have to be corrected: those fail, not the one that the task happens to run on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

_TABLE = "see the table above for the causes"


def guilty_hosts(
    counts: Mapping[str, Counter[str]], reasons: Mapping[str, str], msg: str, task_vars: Mapping[str, Any]
) -> dict[str, str]:
    """The hosts that fail, each with its message; never empty.

    *counts*: host -> number of its flows by verdict, of those that fail the run. *reasons*: host -> what is wrong with
    the host itself: that it was not observed, or has no working firewall. *msg*: what there is to say of the whole run.
    """
    texts = {name: [text] for name, text in reasons.items()}
    for name, verdicts in counts.items():
        said = ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items())
        flows = "flow" if verdicts.total() == 1 else "flows"
        texts.setdefault(name, []).append(f"{flows} to correct here: {said}; {_TABLE}")
    active = _active(task_vars)
    found = {name: "; ".join(texts[name]) for name in active if name in texts}
    if found or not active:
        return found or {name: "; ".join(own) for name, own in texts.items()}
    # Those that are to blame do not take part, or nobody is.
    return {active[0]: msg}


def guilty_of_problems(error: InputError, task_vars: Mapping[str, Any]) -> dict[str, str]:
    """The hosts that fail because of a wrong input, each with its message; never empty.

    A host fails for its own problems. What concerns no host of the play is added to the first of them. If there is
    none, the first host of the play fails, and the message says so.
    """
    active = _active(task_vars) or [str(task_vars.get("inventory_hostname", "localhost"))]
    inventory = task_vars.get("hostvars", {})
    texts: dict[str, list[str]] = {}
    others: list[str] = []
    elsewhere = False
    for problem in error.problems:
        named = hosts_of(problem, inventory)
        present = [name for name in named if name in active]
        elsewhere = elsewhere or bool(named)
        for name in present:
            texts.setdefault(name, []).append(problem)
        if not present:
            others.append(problem)
    if not texts:
        whose = "The hosts at fault are not in this play or batch" if elsewhere else "No single host is at fault"
        return {active[0]: f"{error}\n{whose}: {active[0]}, the first host of the play, reports it."}
    next(iter(texts.values())).extend(others)
    return {name: str(InputError(error.subject, texts[name])) for name in active if name in texts}


def hosts_of(problem: str, inventory: Collection[str]) -> list[str]:
    """The hosts of the *inventory* that *problem* begins with, as in ``ep1, ep2: both have the address ...``."""
    names = problem.partition(": ")[0].split(", ")
    return names if all(name in inventory for name in names) else []


def _active(task_vars: Mapping[str, Any]) -> list[str]:
    """The hosts that a later task of the play runs on now: with ``serial``, those of the batch."""
    return list(task_vars.get("ansible_play_batch", ()))
