# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a field of a typed document holds beyond its Python type.

A typed document is a tree of frozen dataclasses that is written to and read from JSON. The annotations of its fields
are the only description of the form: reader, writer and schema all follow them, so they cannot disagree.
Supported annotations: ``str``, ``int``, ``float``, ``bool``, a dataclass, ``X | None``, ``tuple[X, ...]``,
``Mapping[str, X]``, and each of them with one of the constraints below in ``Annotated[X, ...]``.
"""

from __future__ import annotations

import ipaddress

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field
from functools import lru_cache
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports, parse_ports

#: Key of a field's metadata: it is left out of the document where it has its default.
_LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Choice:
    """A string or an integer that is one of *values*."""

    values: tuple[str | int, ...]


@dataclass(frozen=True)
class NonEmpty:
    """A list or mapping with at least one member. *reason* completes the error for an empty one."""

    reason: str


@dataclass(frozen=True)
class Between:
    """A number from *low* to *high*, both included."""

    low: int
    high: int


@dataclass(frozen=True, eq=False)
class Converted:
    """A value whose form in the document is another one than in Python."""

    #: From the document's value to Python's. Raises ValueError with a sentence.
    read: Callable[[Any], Any]
    #: From Python's value to the document's.
    write: Callable[[Any], Any]
    #: JSON Schema of the document's value.
    schema: Mapping[str, Any]


def left_out(default: Any = None) -> Any:
    """A field that a document leaves out where it has *default*, as ICMP has no ``ports``."""
    return field(default=default, metadata={_LEFT_OUT: True})


def is_left_out(one: Field[Any], value: Any) -> bool:
    """Whether the writer leaves the field out for *value*."""
    return bool(one.metadata.get(_LEFT_OUT)) and value == one.default


def is_required(one: Field[Any]) -> bool:
    """Whether a document without the field is damaged."""
    return one.default is MISSING and one.default_factory is MISSING


@lru_cache(maxsize=65536)
def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


@lru_cache(maxsize=65536)
def _network(text: str) -> str:
    return str(ipaddress.ip_network(text))


def _read_address(value: Any) -> str:
    try:
        if isinstance(value, str):
            return _address(value)
    except ValueError:
        pass
    raise ValueError(f"{value!r} is not an IP address")


def _read_network(value: Any) -> str:
    try:
        if isinstance(value, str):
            return _network(value)
    except ValueError:
        pass
    raise ValueError(f"{value!r} is not a CIDR")


def _as_is(value: Any) -> Any:
    return value


#: ``22`` or ``"32000-33999"`` in the document, ``(first, last)`` in Python.
PORTS = Converted(
    parse_ports, format_ports, {"type": ["string", "integer"], "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$", "minimum": 1}
)
#: An IPv4 or IPv6 address, canonical in Python.
ADDRESS = Converted(_read_address, _as_is, {"type": "string", "pattern": "^[0-9A-Fa-f.:]+$"})
#: A network in CIDR notation, canonical in Python.
NETWORK = Converted(_read_network, _as_is, {"type": "string", "pattern": "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$"})
#: One port.
PORT = Between(1, 65535)

__all__ = [
    "ADDRESS",
    "NETWORK",
    "PORT",
    "PORTS",
    "Between",
    "Choice",
    "Converted",
    "NonEmpty",
    "PortRange",
    "is_left_out",
    "is_required",
    "left_out",
]
