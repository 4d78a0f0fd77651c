# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found on a host, as sentences, the same for all backends. Runs on Python 3.6."""

from typing import Any, Dict, List, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import FILES, RUNTIME, Difference

#: How many peers of one port a sentence names.
_SHOWN = 5

_PLACES = {FILES: "in the files", RUNTIME: "in the running rules"}


def difference_lines(differences):  # type: (Sequence[Difference]) -> List[str]
    """What the plan wants and the host lacks, and what the host has and nobody asked for."""
    return [
        "%s %s, %s: %s" % (verb, _PLACES[one.place], one.object, line)
        for one in differences
        for verb, lines in (("lacks", one.lacks), ("has", one.has))
        for line in lines
    ]


def opening_warning(opening):  # type: (Dict[str, Any]) -> str
    """Of one opening, as the backends return it."""
    return "%s opens %s %s by %s, which no host outside of the deployment needs (%s)" % (
        opening["object"],
        opening["protocol"],
        opening["ports"],
        opening["setting"],
        ", ".join(opening["why"]),
    )


def refused_words(contacts):  # type: (Sequence[Tuple[str, str, int]]) -> str
    """Of peers that are connected, and whose new connections would be refused: peer, protocol, port of the host."""
    by_port = {}  # type: Dict[str, List[str]]
    for peer, protocol, port in contacts:
        by_port.setdefault("%s %d" % (protocol, port), []).append(peer)
    named = []
    for port, peers in by_port.items():
        more = len(peers) - _SHOWN
        shown = ", ".join(peers) if more <= 0 else "%s and %d more" % (", ".join(peers[:_SHOWN]), more)
        named.append("%s from %s" % (port, shown))
    return (
        "Connections are open that the new rules would reject if they were new: %s. They stay open, but cannot be "
        "opened again. To accept them, add them to the plan, see jsa.ports.why and jsa.ports.learned."
        % "; ".join(named)
    )
