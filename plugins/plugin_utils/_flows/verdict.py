# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict on one flow, of a check or a preflight, and the order of verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow


@dataclass(frozen=True)
class FlowVerdict:
    """The verdict on one flow, and the reason."""

    flow: ExpectedFlow
    verdict: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """As the result files have it; ICMP has no ``port``, and only the address of an HA pair is ``virtual``."""
        result: dict[str, Any] = {
            "verdict": self.verdict,
            "from": self.flow.initiator,
            "to": self.flow.listener,
            "address": self.flow.address,
            "protocol": self.flow.protocol,
            "entries": list(self.flow.ids),
            "service": self.flow.service,
            "reason": self.reason,
        }
        if self.flow.port is not None:
            result["port"] = self.flow.port
        if self.flow.virtual:
            result["virtual"] = True
        return result


AnyVerdict = TypeVar("AnyVerdict", bound=FlowVerdict)


def in_order(verdicts: Iterable[AnyVerdict], words: Sequence[str]) -> list[AnyVerdict]:
    """Sorted by the order of *words*, then by listener, protocol and port, then by initiator."""
    order = {word: number for number, word in enumerate(words)}
    return sorted(
        verdicts,
        key=lambda item: (
            order[item.verdict],
            item.flow.listener,
            item.flow.protocol,
            item.flow.port or 0,
            item.flow.initiator,
        ),
    )
