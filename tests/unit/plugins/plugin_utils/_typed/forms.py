# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small typed document that has each kind of field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import (
    ADDRESS,
    NETWORK,
    PORT,
    PORTS,
    TIME,
    Between,
    Choice,
    NonEmpty,
    left_out,
)


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A value within another one."""

    name: str
    ports: Annotated[PortRange, PORTS] | None = left_out()


@dataclass(frozen=True, kw_only=True)
class Tree:
    """All kinds of fields.

    This is not in the schema.
    """

    ALSO_SCHEMA: ClassVar[Mapping[str, Any]] = {"minProperties": 1}

    text: str = ""
    number: int = 0
    share: float = 0.0
    flag: bool = False
    maybe: str | None = None
    choice: Annotated[str, Choice(("red", "green"))] = "red"
    version: Annotated[int, Choice((1, 2))] = 1
    percent: Annotated[int, Between(0, 100)] = 0
    port: Annotated[int, PORT] = 1
    address: Annotated[str, ADDRESS] = "192.0.2.1"
    network: Annotated[str, NETWORK] = "192.0.2.0/24"
    time: Annotated[str, TIME] = "2026-11-25T05:10:00Z"
    leaf: Leaf = Leaf(name="one")
    leaves: tuple[Leaf, ...] = ()
    texts: Annotated[tuple[str, ...], NonEmpty("a tree has texts")] = ("a",)
    ports: tuple[Annotated[PortRange, PORTS], ...] = ()
    by_name: Mapping[str, Leaf] = field(default_factory=dict)
    some: Annotated[Mapping[str, int], NonEmpty("a tree has some")] = field(default_factory=lambda: {"x": 1})

    def __post_init__(self) -> None:
        if self.text == "both" and self.flag:
            raise ValueError("text and flag do not go together")
