# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What JSA says where a flow does not work: every entry is there, and is told for what it belongs to."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.symptoms import (
    TUNNEL_ENDS,
    load_symptoms,
    symptoms_of,
)


def test_every_symptom_belongs_to_an_entry() -> None:
    assert load_symptoms() and set(load_symptoms()) <= set(load_catalog())
    assert all(lines and all(isinstance(line, str) for line in lines) for lines in load_symptoms().values())


def test_a_lost_connection_to_32010_is_told_for_the_entry_of_32010() -> None:
    (name,) = [name for name, entry in load_catalog().items() if (32010, 32010) in entry.ports]
    assert any("Lost connection to x:32010" in line for line in symptoms_of([name], False))


def test_ssh_has_the_symptoms_of_tunnels_where_it_carries_them() -> None:
    plain, tunnelled = symptoms_of(["ssh"], False), symptoms_of(["ssh"], True)
    assert (
        set(plain) < set(tunnelled) and tunnelled[: len(load_symptoms()[TUNNEL_ENDS])] == load_symptoms()[TUNNEL_ENDS]
    )
    assert symptoms_of(["syslog"], True) == ()
