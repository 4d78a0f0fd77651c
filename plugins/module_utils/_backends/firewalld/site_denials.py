# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site's denials in its files and as they run, and what people are told of those that our rules override.

Runs on Python 3.6.
"""

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError, NotAsked
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.configuration import (
    ZONE,
    Configuration,
    permanent,
    running,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.denials import Denial, find_denials
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.denying import overridden
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import PermanentFiles
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import POLICY_IN, Ruleset

#: So much of a list is told; a site with fail2ban has hundreds of bans.
_SHOWN = 5

_AT_RUN_TIME = "it is not in firewalld's files"
_GUARDED = "the management addresses stay accepted"


class SiteDenials(NamedTuple):
    """One read of both."""

    #: What our rules can leave out: it is there after a reload, too.
    permanent: Sequence[Denial]
    #: None where firewalld does not run or does not tell.
    running: Optional[Sequence[Denial]]


def read_denials(client, files, runs):  # type: (Client, PermanentFiles, bool) -> SiteDenials
    """*runs*: whether firewalld does."""
    bound, found = None, None  # type: Optional[Dict[str, List[str]]], Optional[Sequence[Denial]]
    if runs:
        try:
            runtime = running(client)
            bound, found = _interfaces(runtime), find_denials(runtime)
        except (NotAsked, CommandError):
            pass
    return SiteDenials(find_denials(permanent(files.etc, files.lib, bound)), found)


def _interfaces(runtime):  # type: (Configuration) -> Dict[str, List[str]]
    return {
        one.name[len(ZONE) :]: list(one.settings.get("interfaces", ()))
        for one in runtime.objects
        if one.name.startswith(ZONE)
    }


def denial_warnings(denials, ruleset, respected):  # type: (SiteDenials, Ruleset, bool) -> List[str]
    """A sentence for what our *ruleset* accepts although the site denies it. *respected*: it is to leave that out."""
    kept = {_key(one.denial): one for one in overridden(denials.permanent, ruleset)}
    found = dict(kept)
    for one in overridden(denials.running or [], ruleset):
        found.setdefault(_key(one.denial), one)
    groups = {}  # type: Dict[Tuple[str, Tuple[str, ...], str], List[str]]
    for key, one in sorted(found.items()):
        why_not = one.denial.hindrance or ("" if key in kept else _AT_RUN_TIME)
        if respected and not why_not:
            why_not = _GUARDED
        groups.setdefault((one.denial.object, one.what, why_not), []).append(one.denial.setting)
    return [_sentence(key, settings) for key, settings in groups.items()]


def _key(denial):  # type: (Denial) -> Tuple[str, str]
    return denial.object, denial.setting


def _sentence(key, settings):  # type: (Tuple[str, Tuple[str, ...], str], List[str]) -> str
    name, what, why_not = key
    text = "%s denies %s by %s, but %s accepts these packets first, so the denial has no effect on them." % (
        name,
        _shown(what, ", "),
        _shown(settings, "; "),
        POLICY_IN,
    )
    if why_not:
        return text + " jsa_firewall_respect_denials cannot leave them out: %s." % why_not
    return text + " To leave them out, set jsa_firewall_respect_denials: true."


def _shown(words, separator):  # type: (Sequence[str], str) -> str
    if len(words) <= _SHOWN:
        return separator.join(words)
    return "%s, and %d more" % (separator.join(words[:_SHOWN]), len(words) - _SHOWN)
