# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found on a host, as sentences, the same for all backends. Runs on Python 3.6."""

from typing import Any, Dict, List, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import FILES, RUNTIME, Difference

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
