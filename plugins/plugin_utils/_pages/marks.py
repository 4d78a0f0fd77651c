# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How verdicts are shown, and what is worst of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Mark, Tally

#: Shapes that each font has, and that differ without color.
_SHOWN: Mapping[str, tuple[str, str, str, str]] = {
    "unexpected_open": ("◆", "open", "bad", "A host that should be rejected could connect."),
    "service_down": ("■", "no service", "bad", "No service listens on the port, or it listens on loopback only."),
    "host_firewall": (
        "▲",
        "host firewall",
        "bad",
        "The service listens, and a host's firewall blocks the packets.",
    ),
    "network": ("▼", "network", "bad", "The service and its host accept the packets, but the network blocks them."),
    "blocked": ("✖", "blocked", "bad", "The console reports that a host cannot connect, and cannot tell why."),
    "unverifiable": ("?", "not verified", "doubt", "The flow could not be verified. The reason says why."),
    "ok": ("●", "ok", "good", "The probe succeeded."),
}

#: By verdict, worst first.
MARKS: Mapping[str, Mark] = {
    verdict: Mark(verdict, shape, word, meaning, tone)
    for verdict, (shape, word, tone, meaning) in ((name, _SHOWN[name]) for name in VERDICTS)
}

_ORDER = {verdict: number for number, verdict in enumerate(VERDICTS)}


def worse(one: str | None, other: str) -> str:
    """The worse of two verdicts; None is no verdict."""
    return other if one is None or _ORDER[other] < _ORDER[one] else one


def tally(verdicts: Iterable[str]) -> Tally | None:
    """None without any verdict."""
    return tally_of(Counter(verdicts))


def tally_of(counts: Mapping[str, int]) -> Tally | None:
    """The same for numbers by verdict."""
    present = [verdict for verdict in VERDICTS if counts.get(verdict)]
    if not present:
        return None
    text = ", ".join(f"{counts[verdict]:,} {MARKS[verdict].word}" for verdict in present)
    return Tally(MARKS[present[0]], text, " ".join(present), _ORDER[present[0]])
