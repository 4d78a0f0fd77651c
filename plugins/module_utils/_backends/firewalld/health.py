# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether firewalld has loaded what it was told to, and whether the kernel filters at all. Runs on Python 3.6.

A firewalld that has failed goes on to answer, with a ruleset that is nearly empty.
"""

from typing import List, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import snapshot
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, NotAsked
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError

RUNNING = "running"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_NAME = "org.fedoraproject.FirewallD1"


def state(client):  # type: (Client) -> str
    """``running``, ``failed``, or ``init``, which 0.9 says where even its way out of a failure has failed.

    Empty where firewalld does not run or does not tell.
    """
    try:
        (value,) = client.call(_PROPERTIES, "Get", "ss", [_NAME, "state"])
        return str(value).lower()
    except (NotAsked, CommandError):
        pass
    try:
        return client.run("firewall-cmd", "--state").strip().lower()
    except CommandError as error:
        # It says "failed" with an exit code of its own, and "not running" with another.
        word = error.reason.strip().lower()
        return word if word in ("failed", "init") else ""


def refusal(found, problems):  # type: (str, Sequence[str]) -> str
    """Why nothing can be done with a firewalld whose state is *found*. *problems*: what its files lack, if known."""
    reasons = "; ".join(problems) or "firewall-cmd --reload says what it cannot load"
    return (
        "firewalld has failed on this host before this run (its state is %s): it could not load its own configuration, "
        "and the kernel may filter nothing. Nothing was written. Repair its files and reload it (%s)" % (found, reasons)
    )


def alarms(client, snapshot_words=""):  # type: (Client, str) -> List[str]
    """What a check has to fail for before it looks at any rule. Empty where all is well.

    *snapshot_words*: what ``snapshot.marked`` says.
    """
    found = []
    now = state(client)
    if now not in ("", RUNNING):
        failed = "firewalld has failed (its state is %s): it could not load its configuration" % now
        found.append(snapshot_words or failed)
    elif snapshot.stands_in(client):
        found.append("The table %s, a snapshot of earlier rules, stands in for firewalld's rules" % snapshot.TABLE)
    taken = snapshot.take(client)
    if taken and not _filters(taken):
        found.append("The kernel filters nothing that comes to this host: every port can be reached from everywhere")
    return found


def _filters(taken):  # type: (dict) -> bool
    try:
        return snapshot.filters(taken)
    except ValueError:
        # nft printed what nobody knows. Other proofs look at firewalld's own table.
        return True
