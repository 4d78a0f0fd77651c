# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the catalog says of the flows of a request: purpose, source, condition and confidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Condition, Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import CONFIDENCES, DOCUMENTS, SELF

_ENCRYPTION = {
    "tunnelled": "only between hosts that are not encrypted",
    "only_encrypted": "only if one of the two hosts is encrypted",
}

_OWN = "the site's own entry (jsa_extra_flows)"


@dataclass(frozen=True)
class Reason:
    """Why a flow is needed, in the words of its entries, each once."""

    application: str
    justification: str
    #: Documents and rows.
    reference: str
    #: When it is needed; empty where always.
    condition: str
    #: That of the entry that is most certain; empty where no entry is known.
    confidence: str


class Reasons:
    """The reasons of flows, by the ids of their entries."""

    def __init__(self, own: Iterable[Entry] = ()) -> None:
        """*own*: the site's own entries."""
        self._entries: Mapping[str, Entry] = {**load_catalog(), **{entry.id: entry for entry in own}}
        self._known: dict[tuple[str, ...], Reason] = {}

    def of(self, ids: tuple[str, ...]) -> Reason:
        """The reason of a flow with these entries. An entry that is not known has only its id."""
        if ids not in self._known:
            self._known[ids] = self._make(ids)
        return self._known[ids]

    def _make(self, ids: tuple[str, ...]) -> Reason:
        entries = [self._entries[one] for one in ids if one in self._entries]
        services = [self._entries[one].service if one in self._entries else one for one in ids]
        certain = [word for word in CONFIDENCES if any(entry.confidence == word for entry in entries)]
        return Reason(
            application=_joined(services),
            justification=" ".join(dict.fromkeys(entry.purpose for entry in entries)),
            reference=_joined([text for entry in entries for text in _references(entry)]),
            condition=_joined(
                f"{entry.service}: {text}" if len(ids) > 1 else text for entry in entries for text in _conditions(entry)
            ),
            confidence=certain[0] if certain else "",
        )


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _references(entry: Entry) -> list[str]:
    rows = [f"{DOCUMENTS[one.document]}, row {one.row}" for one in entry.statements]
    return rows or [item["source"] for item in entry.evidence] or [_OWN]


def _conditions(entry: Entry) -> list[str]:
    """When the entry applies; where only some of its flows have a condition, it is not one of the entry."""
    # Over loopback, there is nothing to ask for.
    flows = [flow for flow in entry.flows if flow.initiators != (SELF,)]
    found = [_words(entry.when)]
    if len(flows) == 1:
        found.append(_words(flows[0].when))
    if len({flow.encryption for flow in flows}) == 1:
        found.append(_ENCRYPTION.get(flows[0].encryption, ""))
    return [text for text in found if text]


def _words(when: Condition) -> str:
    said = [f"with {name}" for name in when.features]
    said += [f"without {name}" for name in when.without_features]
    said += [f"with a {role}" for role in when.deployment_roles]
    if when.release_from:
        said.append(f"from {when.release_from}")
    if when.release_before:
        said.append(f"before {when.release_before}")
    return ", ".join(said)
