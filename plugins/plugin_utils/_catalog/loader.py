# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the catalog, and the entries that a site adds to it."""

from __future__ import annotations

import functools
import types

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.builder import Builder
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import expected
from ansible_collections.jsa.ports.plugins.plugin_utils._yaml import YAMLError, load_yaml

_DATA = Path(__file__).parent / "data"

_AFTER_ALL_PORTS = 65536


class CatalogError(ValueError):
    """Entries that cannot be, all of them, one line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        # A field that is read in two ways reports a problem of its form twice.
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))


@functools.cache
def load_catalog() -> Mapping[str, Entry]:
    """The catalog by id, in the order of the ports. Read once; nobody can change it."""
    return types.MappingProxyType(read_catalog(_DATA))


def read_catalog(folder: Path) -> dict[str, Entry]:
    """The entries of all files in *folder*. Raises CatalogError."""
    problems: list[str] = []
    builder = Builder(problems, site=False)
    entries: list[tuple[str, Entry]] = []
    for path in sorted(folder.glob("*.yml")):
        try:
            items = load_yaml(path)
        except YAMLError as error:
            problems.append("%s: %s" % (path.name, " ".join(str(error).split())))
            continue
        if not isinstance(items, list):
            problems.append("%s: expected a list of entries" % path.name)
            continue
        for index, item in enumerate(items):
            where = "%s[%d]" % (path.name, index)
            entries.append((where, builder.entry(item, where)))
    return _collect(entries, problems, {})


def load_extra(entries: object, extra_networks: Collection[str] = ()) -> dict[str, Entry]:
    """The site's own entries (``jsa_extra_flows``), by id.

    They have the catalog's form, with less of it required; a side of a flow can also be an address, a CIDR, or one
    of *extra_networks*. Raises CatalogError.
    """
    variable = "jsa_extra_flows"
    if not isinstance(entries, (list, tuple)):
        raise CatalogError(["%s: expected a list of entries, not %r" % (variable, entries)])
    problems: list[str] = []
    builder = Builder(problems, site=True, networks=tuple(extra_networks))
    built = []
    for index, item in enumerate(entries):
        where = "%s[%d]" % (variable, index)
        built.append((where, builder.entry(item, where)))
    return _collect(built, problems, load_catalog())


def _collect(entries: list[tuple[str, Entry]], problems: list[str], taken: Mapping[str, Entry]) -> dict[str, Entry]:
    """*entries* by id, ordered, once the whole of them is known to fit together and beside those *taken*."""
    by_id: dict[str, Entry] = {}
    places: dict[str, str] = {}
    for where, entry in entries:
        if not entry.id:
            continue
        if entry.id in taken:
            problems.append("%s (%s): id: the catalog has an entry with this id" % (where, entry.id))
        elif entry.id in by_id:
            problems.append("%s (%s): id: %s has this id too" % (where, entry.id, places[entry.id]))
        by_id[entry.id] = entry
        places[entry.id] = where
    everything = {**taken, **by_id}
    for where, entry in entries:
        if entry.replaced_by is None:
            continue
        successor = everything.get(entry.replaced_by)
        if successor is None:
            text = "no entry %r; %s" % (entry.replaced_by, expected(entry.replaced_by, everything))
        elif all(flow.encryption != "only_encrypted" for flow in successor.flows):
            text = "%s cannot take over: none of its flows is only_encrypted" % entry.replaced_by
        else:
            continue
        problems.append("%s (%s): replaced_by: %s" % (where, entry.id, text))
    if problems:
        raise CatalogError(problems)
    return dict(sorted(by_id.items(), key=_by_port))


def _by_port(item: tuple[str, Entry]) -> tuple[int, bool, str]:
    """By port; of one port, first what rests on a row of the documents."""
    entry = item[1]
    rowless = not entry.statements
    if entry.ports:
        return min(entry.ports)[0], rowless, entry.id
    return entry.dynamic.ports[0] if entry.dynamic else _AFTER_ALL_PORTS, rowless, entry.id
