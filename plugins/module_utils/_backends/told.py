# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found on a host, as sentences, the same for all backends. Runs on Python 3.6."""

from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import FILES, RUNTIME, Difference
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.refusals import Contact
from ansible_collections.jsa.ports.plugins.module_utils._rules.staged import LOG, words_of_refusals

#: How many peers of one port, and how many ports, a sentence names.
_SHOWN, _SHOWN_PORTS = 5, 10
_ACCEPT_THEM = "To accept them, add them to the plan, see jsa.ports.why and jsa.ports.learned."

_PLACES = {FILES: "in the files", RUNTIME: "in the running rules"}


def difference_lines(differences):  # type: (Sequence[Difference]) -> List[str]
    """What the plan wants and the host lacks, and what the host has and nobody asked for."""
    return [
        "%s %s, %s: %s" % (verb, _PLACES[one.place], one.object, line)
        for one in differences
        for verb, lines in (("lacks", one.lacks), ("has", one.has))
        for line in lines
    ]


def openings_of(openings, refuse):
    # type: (Optional[List[Dict[str, Any]]], Optional[str]) -> Optional[List[Dict[str, Any]]]
    """*openings* as they are with rules that reject, or not (``log``): then nothing of ours is in their way."""
    if openings is None or refuse != LOG:
        return openings
    return [dict(one, effective=True) for one in openings]


def opening_warning(opening):  # type: (Dict[str, Any]) -> str
    """Of one opening, as the backends return it."""
    return "%s opens %s %s by %s, which no host outside of the deployment needs (%s)" % (
        opening["object"],
        opening["protocol"],
        opening["ports"],
        opening["setting"],
        ", ".join(opening["why"]),
    )


def refused_words(contacts):  # type: (Sequence[Contact]) -> str
    """Of peers that are connected, and whose new connections would be refused: peer, protocol, port of the host."""
    return (
        "Connections are open that the new rules would reject if they were new: %s. They stay open, but cannot be "
        "opened again. %s" % (_by_port(contacts), _ACCEPT_THEM)
    )


def recorded_words(contacts):  # type: (Sequence[Contact]) -> str
    """The same of those that were recorded."""
    return "The record of this host contains sources that the new rules would reject: %s. %s" % (
        _by_port(contacts),
        _ACCEPT_THEM,
    )


def _by_port(contacts):  # type: (Sequence[Contact]) -> str
    by_port = {}  # type: Dict[str, List[str]]
    for peer, protocol, port in contacts:
        by_port.setdefault("%s %d" % (protocol, port), []).append(peer)
    named = []
    for port, peers in list(by_port.items())[:_SHOWN_PORTS]:
        more = len(peers) - _SHOWN
        shown = ", ".join(peers) if more <= 0 else "%s and %d more" % (", ".join(peers[:_SHOWN]), more)
        named.append("%s from %s" % (port, shown))
    more = len(by_port) - _SHOWN_PORTS
    return "; ".join(named) + ("; and %d more ports" % more if more > 0 else "")


def not_enforced_words(rules, record):  # type: (Optional[Ruleset], str) -> str
    """Of a host whose rules only log. *rules*: as they would be enforced, if that is known. *record*: a clause."""
    refused = "" if rules is None else words_of_refusals(rules)
    return (
        "This host is not enforced: its rules reject nothing (jsa_firewall_refuse: log). The site's own rules decide "
        "about what they would reject%s. What of it is accepted %s. jsa.ports.learned shows it"
        % (" (%s)" % refused if refused else "", record)
    )


def unlocked_words(rules):  # type: (Ruleset) -> str
    """Of a host whose present *rules* refuse what the next ones only log."""
    return (
        "The rules that reject others on this host are removed, because jsa_firewall_refuse is log: %s. Everyone whom "
        "the site's own rules accept gets in there, until jsa_firewall_refuse is enforce again"
        % words_of_refusals(rules)
    )
