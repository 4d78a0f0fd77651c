# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What JSA reports if a flow does not work."""

from __future__ import annotations

import functools

from collections.abc import Iterable, Mapping
from pathlib import Path

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._yaml import load_yaml

_FILE = Path(__file__).with_name("symptoms.yml")

#: The entry for the ends of tunnels: what breaks port 22 of an encrypted host breaks them.
TUNNEL_ENDS = "ssh_tunnel_local"


@functools.cache
def load_symptoms() -> Mapping[str, tuple[str, ...]]:
    """By id of the catalog. Raises ValueError where the file names what is not there."""
    content = load_yaml(_FILE)
    unknown = sorted(set(content) - set(load_catalog()))
    if unknown:
        raise ValueError(f"{_FILE.name}: the catalog has no {', '.join(unknown)}")
    return {name: tuple(lines) for name, lines in content.items()}


def symptoms_of(ids: Iterable[str], tunnelled: bool) -> tuple[str, ...]:
    """*tunnelled*: whether an SSH connection between the two hosts would carry tunnels."""
    names = list(ids)
    if tunnelled and "ssh" in names:
        names.insert(0, TUNNEL_ENDS)
    return tuple(dict.fromkeys(line for name in names for line in load_symptoms().get(name, ())))
