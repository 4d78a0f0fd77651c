# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mapping while it is being read.

Every getter notes what is wrong with its field and returns a harmless value, so that one reading finds all problems.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, parse_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import expected


class Node:
    """One mapping, with the place that its problems are reported under."""

    def __init__(self, data: object, where: str, problems: list[str], keys: Collection[str]) -> None:
        self.where = where
        self.problems = problems
        self.data: dict[str, object] = {}
        if not isinstance(data, Mapping):
            self.problem(None, "expected a mapping with the keys %s, not %r" % (", ".join(keys), data))
            return
        for key, value in data.items():
            if key in keys:
                # A key without a value is the same as no key.
                if value is not None:
                    self.data[str(key)] = value
            else:
                self.problem(str(key), "unknown key; %s" % expected(key, keys))

    def problem(self, field: str | None, text: str) -> None:
        """Add a problem of *field*, with the place of this mapping."""
        place = ": ".join(part for part in (self.where, field) if part)
        self.problems.append("%s: %s" % (place, text))

    def has(self, key: str) -> bool:
        """Whether the mapping has *key*."""
        return key in self.data

    def text(self, key: str, default: str | None = None) -> str:
        """A sentence or a name; missing is a problem where there is no *default*."""
        value = self.data.get(key)
        if value is None:
            if default is None:
                self.problem(key, "missing")
            return default or ""
        if not isinstance(value, str) or not value.strip():
            self.problem(key, "expected text, not %r" % (value,))
            return default or ""
        return str(value).strip()

    def choice(self, key: str, valid: Collection[str], default: str | None = None) -> str:
        """A string that has to be one of the valid ones."""
        value = self.text(key, default)
        if value and value not in valid:
            self.problem(key, "%r is not known; %s" % (value, expected(value, valid)))
        return value

    def flag(self, key: str) -> bool:
        """True or false, *default* where it is absent."""
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            self.problem(key, "expected true or false, not %r" % (value,))
            return False
        return value

    def number(self, key: str, required: bool) -> int | None:
        """A whole number, None where it is absent."""
        value = self.data.get(key)
        if value is None:
            if required:
                self.problem(key, "missing")
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.problem(key, "expected a number from 1 on, not %r" % (value,))
            return None
        return value

    def items(self, key: str) -> list[object]:
        """A list; one value alone counts as a list of one."""
        value = self.data.get(key, ())
        if isinstance(value, (str, int, Mapping)):
            return [value]
        if not isinstance(value, (list, tuple)):
            self.problem(key, "expected a list, not %r" % (value,))
            return []
        return list(value)

    def names(self, key: str, valid: Collection[str]) -> tuple[str, ...]:
        """A list of strings that have to be valid ones."""
        found: list[str] = []
        for value in self.items(key):
            if value not in valid:
                self.problem(key, "%r is not known; %s" % (value, expected(value, valid)))
            elif value in found:
                self.problem(key, "%r is there twice" % (value,))
            else:
                found.append(str(value))
        return tuple(found)

    def port_ranges(self, key: str) -> tuple[PortRange, ...]:
        """A list of ports and ranges, merged and sorted."""
        found: list[PortRange] = []
        for value in self.items(key):
            try:
                ports = parse_ports(value)
            except ValueError as error:
                self.problem(key, str(error))
                continue
            if any(ports[0] <= last and first <= ports[1] for first, last in found):
                self.problem(key, "%s is there twice" % (value,))
            found.append(ports)
        return tuple(found)

    def child(self, key: str, keys: Collection[str]) -> Node | None:
        """A mapping inside this one, with its own valid keys."""
        if key not in self.data:
            return None
        return Node(self.data[key], "%s: %s" % (self.where, key), self.problems, keys)

    def children(self, key: str, keys: Collection[str]) -> Iterator[Node]:
        """A list of mappings inside this one."""
        for index, value in enumerate(self.items(key)):
            yield Node(value, "%s: %s[%d]" % (self.where, key, index), self.problems, keys)

    def mapping(self, key: str) -> dict[str, object]:
        """A mapping inside this one, as it is."""
        value = self.data.get(key, {})
        if not isinstance(value, Mapping):
            self.problem(key, "expected a mapping, not %r" % (value,))
            return {}
        return {str(name): item for name, item in value.items()}
