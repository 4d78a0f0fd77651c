# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ruleset of the host, without the tables in which it records who contacts it. Runs on Python 3.6.

These decide on no packet, and may have more elements than all others together have rules: whoever compares or saves
what filters passes over them.
"""

import json

from typing import Any, Dict, List, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs

#: Family and name of the table that records who contacts the host, and of the one that records what rules would refuse
#: that are not enforced.
RECORD = ("inet", "jsa_ports_learn")
STAGED = ("inet", "jsa_ports_staged")
_OURS = (RECORD, STAGED)


def tables(programs, **options):  # type: (Programs, Any) -> List[Tuple[str, str]]
    """Family and name of each table. Raises CommandError."""
    found = [line.split() for line in programs.run("nft", "list", "tables", **options).splitlines()]
    return [(words[1], words[2]) for words in found if len(words) > 2 and words[0] == "table"]


def ruleset_text(programs, **options):  # type: (Programs, Any) -> str
    """What ``nft -s list ruleset`` prints of all other tables. Raises CommandError."""
    there = tables(programs, **options)
    if not set(_OURS).intersection(there):
        return programs.run("nft", "-s", "list", "ruleset", **options)
    return "".join(programs.run("nft", "-s", "list", "table", *one, **options) for one in there if one not in _OURS)


def ruleset_objects(programs, **options):  # type: (Programs, Any) -> List[Dict[str, Any]]
    """What ``nft -j list ruleset`` prints of all other tables. Raises CommandError, and ValueError for another form."""
    there = tables(programs, **options)
    if not set(_OURS).intersection(there):
        return _objects(programs.run("nft", "-j", "list", "ruleset", **options))
    found = []  # type: List[Dict[str, Any]]
    for one in there:
        if one not in _OURS:
            found += _objects(programs.run("nft", "-j", "list", "table", *one, **options))
    return found


def _objects(answer):  # type: (str) -> List[Dict[str, Any]]
    content = json.loads(answer) if answer.strip() else {}
    found = content.get("nftables", []) if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise ValueError("nft lists no objects")
    return found


def end_staged_record(programs):  # type: (Programs) -> None
    """Removes the table STAGED, if it is there. Never raises: left where it is, it does no harm."""
    try:
        if programs.program("nft") is not None and STAGED in tables(programs):
            programs.run("nft", "delete", "table", *STAGED)
    except Exception:  # pylint: disable=broad-except
        # The next run removes it.
        pass
