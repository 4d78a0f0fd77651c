# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backend that writes the rules of one server through the console's REST API.

A PUT replaces the whole list of the server. So the list is read, merged, written, and read again. Rules of others stay,
in the form in which they were read.
"""

from __future__ import annotations

import json

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import (
    RUNTIME,
    Backend,
    Decision,
    Difference,
    RolledBack,
    Texts,
    Wanted,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.capabilities import Capabilities
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.plugins.plugin_utils._console.client import Client
from ansible_collections.jsa.ports.plugins.plugin_utils._console.firewall_rules import (
    Expansion,
    RuleKey,
    express,
    key_of,
    words_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError

#: The only text of a state: our rules of the server.
LIST = "firewall_rules"

Document = dict[str, Any]

DEPLOY = (
    "whether the product needs a deployment after a change of its firewall rules is not documented: if the rules do "
    "not take effect, deploy the changes on the console"
)
_ONLY_ACCEPTS = "the console's API can only accept from IPv4 addresses"


@dataclass(frozen=True)
class Situation:
    """One read of the server's list, in its order."""

    documents: tuple[Any, ...]

    @property
    def keys(self) -> frozenset[RuleKey]:
        """Of all rules, whosever they are."""
        return frozenset(map(key_of, self.documents))


class ChangedError(FirewallError):
    """The list changed since it was read, so nothing was written."""


class ConsoleBackend(Backend):
    """The firewall rules of one server. *ours*: those that were written by us, as far as somebody remembers."""

    name = "console"
    loss = "the console's API writes rules only to stay"

    def __init__(self, client: Client, server: int, ours: Iterable[Document], expansion: Expansion) -> None:
        self._client = client
        self._path = f"/system/servers/{server}/firewall_rules"
        self._ours = {key_of(one): one for one in ours}
        self._expansion = expansion

    def has_files(self) -> bool:
        """Whether rules of ours are remembered."""
        return bool(self._ours)

    def runs(self) -> bool:
        """The product's firewall always does."""
        return True

    def version(self) -> str:
        """That of the API."""
        try:
            return self._client.version
        except ConsoleError as error:
            raise FirewallError(str(error)) from error

    def require(self) -> None:
        """The console answers, and has a version of the API in common with us."""
        self.version()

    def capabilities(self, situation: Situation) -> Capabilities:
        """The same on every server."""
        return Capabilities(
            outbound=False,
            refusal=False,
            ipv6=False,
            networks=False,
            confirmation=False,
            beside_site=True,
            reasons=dict.fromkeys(("outbound", "refusal", "ipv6", "networks"), _ONLY_ACCEPTS),
        )

    def read(self) -> Situation:
        """The whole list."""
        try:
            found = self._client.get(self._path)
        except ConsoleError as error:
            raise FirewallError(str(error)) from error
        if not isinstance(found, list):
            raise FirewallError(f"GET {self._path}: the answer is no list: set api_version to another version")
        return Situation(tuple(found))

    def found(self, situation: Situation) -> Texts:
        """Those of our rules that are still there."""
        return texts_of(one for key, one in self._ours.items() if key in situation.keys)

    def can_try(self, situation: Situation) -> bool:
        """What is written stays. The probes of a confirmation come afterwards."""
        return False

    def render(self, rules: Ruleset) -> Wanted:
        """What of *rules* can be expressed."""
        return Wanted(texts_of(express(rules, self._expansion).documents), rules)

    def earlier(self, texts: Texts) -> Wanted:
        """As it was written."""
        return Wanted(texts, None)

    def decide(self, situation: Situation, wanted: Wanted) -> Decision:
        """Adds what is missing, and removes what is ours and no longer wanted."""
        documents = documents_of(wanted.texts)
        wanted_keys = {key_of(one) for one in documents}
        new = [one for one in documents if key_of(one) not in situation.keys]
        gone = {key for key in self._ours if key in situation.keys and key not in wanted_keys}
        after = Situation(tuple(one for one in situation.documents if key_of(one) not in gone) + tuple(new))
        actions = {
            "created": [words_of(one) for one in new],
            "changed": [],
            "removed": [words_of(self._ours[key]) for key in sorted(gone)],
            "entries": {},
        }
        return Decision(bool(new or gone), actions, [], [], False, [], after)

    def permit(self, situation: Situation, wanted: Wanted, decision: Decision) -> Decision:
        """A change of the list costs nothing."""
        return decision

    def differences(self, situation: Situation, wanted: Wanted) -> list[Difference]:
        """What the list lacks, and what of ours it has too much."""
        actions = self.decide(situation, wanted).actions
        if not actions["created"] and not actions["removed"]:
            return []
        return [Difference(LIST, RUNTIME, actions["created"], actions["removed"])]

    def diff(self, situation: Situation, wanted: Wanted) -> list[dict[str, Any]]:
        """Of the whole list, with the rules of others."""
        after: Situation = self.decide(situation, wanted).own
        sides = {"before": _lines(situation), "after": _lines(after)}
        return [{**sides, "before_header": self._path, "after_header": self._path}]

    def load(self, situation: Situation, wanted: Wanted, decision: Decision) -> bool:
        """Writes and reads again.

        Raises ChangedError if the list changed since *situation*, and FirewallError if it is not as it was written.
        """
        if sorted(map(key_of, self.read().documents)) != sorted(map(key_of, situation.documents)):
            raise ChangedError(
                f"{self._path} changed between the read and the write: somebody else changes the rules of this server. "
                "Nothing was written. Run again"
            )
        after: Situation = decision.own
        self._put(situation, after)
        return False

    def _put(self, before: Situation, after: Situation) -> None:
        """Raises FirewallError if the list is not *after* then."""
        problem = ""
        try:
            self._client.put(self._path, list(after.documents))
        except ConsoleError as error:
            # Whether it was written nevertheless, only the list tells.
            problem = str(error)
        now = self.read()
        if now.keys == after.keys:
            return
        if now.keys == before.keys:
            raise FirewallError(f"{problem or f'{self._path} is as it was before the write'}. Nothing was changed")
        lacks = [words_of(one) for one in after.documents if key_of(one) not in now.keys]
        has = [_line(one) for one in now.documents if key_of(one) not in after.keys]
        raise FirewallError(
            f"{self._path} is not as it was written: it lacks {', '.join(lacks) or 'nothing'}, and has in addition "
            f"{', '.join(has) or 'nothing'}. Somebody else changed it at the same time, or the console changed the "
            "rules. Look at the rules of this server on the console, and run again"
        )

    def warnings(self, situation: Situation, wanted: Wanted) -> list[str]:
        """What cannot be expressed, and what is not known about the product."""
        changed = self.decide(situation, wanted).changed
        return [*self.left_out(wanted), *([DEPLOY] if changed else [])]

    def left_out(self, wanted: Wanted) -> list[str]:
        """What cannot be expressed, one sentence for each reason."""
        left_out = express(wanted.rules, self._expansion).left_out if wanted.rules is not None else ()
        return [f"left out, because the console's API {text}" for text in left_out]

    def openings(self, situation: Situation, internal: Sequence[Any]) -> list[dict[str, Any]] | None:
        """The API does not show the product's own rules."""
        return None

    def ipv6(self, situation: Situation) -> str:
        """The API has no IPv6 rules."""
        return "left to the product"

    def prove(self, texts: Texts) -> list[str]:
        """Those of our rules that the list lacks."""
        keys = self.read().keys
        return [f"lacks {words_of(one)}" for one in documents_of(texts) if key_of(one) not in keys]

    def go_back(self, before: Texts, candidate: Texts) -> RolledBack:
        """Both are whole lists. What others wrote or removed meanwhile stays so."""
        earlier, tried = documents_of(before), {key_of(one) for one in documents_of(candidate)}
        earlier_keys = {key_of(one) for one in earlier}
        try:
            now = self.read()
            kept = [one for one in now.documents if key_of(one) not in tried or key_of(one) in earlier_keys]
            added = [one for one in earlier if key_of(one) not in tried and key_of(one) not in now.keys]
            self._put(now, Situation((*kept, *added)))
        except FirewallError as error:
            return RolledBack(False, False, f"The earlier rules could not be restored: {error}")
        return RolledBack(True, False, "The earlier rules were restored, and read again")


def texts_of(documents: Iterable[Any]) -> Texts:
    """A list of rules as the text of a state."""
    return {LIST: json.dumps(list(documents), indent=1, sort_keys=True)}


def documents_of(texts: Texts) -> list[Document]:
    """The rules in the text of a state."""
    found: list[Document] = json.loads(texts.get(LIST, "[]"))
    return found


def _line(document: Any) -> str:
    return words_of(document) if isinstance(document, dict) else json.dumps(document)


def _lines(situation: Situation) -> str:
    return "".join(f"{line}\n" for line in sorted(map(_line, situation.documents)))
