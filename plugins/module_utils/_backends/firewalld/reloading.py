# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether firewalld may be reloaded, and what of the site's own that would cost. Runs on Python 3.6."""

from typing import List, NamedTuple, Optional

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.appearing import reload_changes
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.apply import Changes
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError, NotAsked
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import FirewalldError

NEEDED = "needed"
LOSSLESS = "lossless"
NEVER = "never"
CHOICES = (NEEDED, LOSSLESS, NEVER)


class Reload(NamedTuple):
    changes: Changes
    #: What a reload changes of the site's own; None where firewalld does not tell.
    lost: Optional[List[str]]


def judge_reload(client, etc, changes, allowed):  # type: (Client, str, Changes, str) -> Reload
    """*changes* with what they may do. Raises FirewalldError where they need a reload that is not *allowed*."""
    if not changes.reload:
        return Reload(changes._replace(may_reload=allowed == NEEDED), [])
    try:
        lost = reload_changes(client, etc)  # type: Optional[List[str]]
    except (NotAsked, CommandError):
        lost = None
    if allowed == NEEDED or (allowed == LOSSLESS and lost == []):
        return Reload(changes, lost)
    reasons = "a reload of firewalld is needed (%s)" % "; ".join(changes.reload)
    losses = (
        "what it would change of the site's own is not known"
        if lost is None
        else "it would change the site's own settings: %s" % "; ".join(lost)
        if lost
        else "it would change nothing of the site's own"
    )
    raise FirewalldError(
        "%s, and reload is %s; %s. Nothing was written. Make these settings permanent, or set "
        "reload: needed" % (reasons, allowed, losses)
    )
