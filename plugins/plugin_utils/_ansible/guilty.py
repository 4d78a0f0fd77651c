# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts of a play have to be corrected: those fail, not the one that the task happens to run on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

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
    active = list(task_vars.get("ansible_play_hosts", ()))
    found = {name: "; ".join(texts[name]) for name in active if name in texts}
    if found or not active:
        return found or {name: "; ".join(own) for name, own in texts.items()}
    # Those that are to blame do not take part, or nobody is.
    return {active[0]: msg}
