# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section about recorded traffic: learned.json, as jsa.ports.learned writes it."""

from __future__ import annotations

import json

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Learned, LearnedRow
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import shown
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.json_text import parse_json

#: The version of the file that is read.
_VERSION = 1

#: Rows of traffic that the plan refuses. The others are counted.
_LARGEST = 2000

#: What suggestions are about, as the inventory names it.
_VARIABLES = ("jsa_networks", "jsa_features", "jsa_extra_flows", "jsa_processor")


def learned_section(text: str, place: str, source: str) -> Learned:
    """Raises InputError where *text* is no learned.json of this version; *place* names the file, *source* on the page.

    What a later release adds to the file is not shown.
    """
    subject = f"The recorded traffic {place} cannot be used; nothing was written"
    try:
        document = parse_json(text)
    except ValueError as error:
        raise InputError(subject, [f"it is not valid JSON: {error}"]) from None
    hosts = document.get("hosts") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(hosts, Mapping):
        raise InputError(subject, ["it does not say what was learned: hosts is missing; expected a learned.json"])
    version = document.get("version")
    if version != _VERSION or isinstance(version, bool):
        raise InputError(
            subject, [f"its version is {shown(version)}, and this collection reads version {_VERSION}: create it again"]
        )
    rows: list[LearnedRow] = []
    records = []
    for name, host in hosts.items():
        if not isinstance(host, Mapping):
            raise InputError(subject, [f"hosts.{shown(name)}: expected a mapping, got {shown(host)}"])
        records.append((str(name), _record(host)))
        rows += [_row(str(name), item) for item in _items(host, "cut_off")]
    if len(rows) > _LARGEST:
        records.append(("", f"The table has the first {_LARGEST:,} of {len(rows):,} rows. All are in learned.json."))
    return Learned(source, tuple(records), tuple(rows[:_LARGEST]), _suggestions(document.get("suggestions")))


def _record(host: Mapping[str, Any]) -> str:
    since = f"recorded since {_words(host['since'])}" if host.get("since") else "not recorded, one look"
    if host.get("staged"):
        since = f"not enforced, and recorded since {_words(host.get('since') or host.get('staged_since'))}"
    gaps = len(_items(host, "gaps"))
    parts = [f"{since}{f', with {gaps} gaps' if gaps else ''}"]
    for key, words in (("cut_off", "would be cut off"), ("planned_seen", "planned and seen")):
        parts.append(f"{len(_items(host, key)):,} {words}")
    parts.append(f"{len(_items(host, 'planned_unseen')):,} planned and never seen")
    return "; ".join(parts)


def _items(host: Mapping[str, Any], key: str) -> list[Any]:
    found = host.get(key)
    return found if isinstance(found, list) else []


def _row(name: str, item: Any) -> LearnedRow:
    values = item if isinstance(item, Mapping) else {}
    connections = values.get("connections")
    return LearnedRow(
        host=name,
        source=_words(values.get("source")),
        port=f"{_words(values.get('protocol'))} {_words(values.get('port'))}".strip(),
        connections="not counted" if connections is None else _words(connections),
        last_seen=_words(values.get("last_seen")) or "not known",
        why=_words(values.get("why")),
    )


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "; ".join(map(_words, value))
    return str(value)


def _suggestions(value: Any) -> str:
    """As YAML that can be pasted: JSON is YAML, one variable a line."""
    found: Iterable[str] = ()
    if isinstance(value, Mapping):
        found = [f"{name}: {json.dumps(value[name], ensure_ascii=False)}" for name in _VARIABLES if value.get(name)]
    return "\n".join(found)
