# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Constraints for the fields of a typed document, beyond their Python types.

A typed document is a tree of frozen dataclasses that is written to and read from JSON. The annotations of its fields
are the only description of the format: reader, writer, and schema use them, so they cannot disagree.
Supported annotations: ``str``, ``int``, ``float``, ``bool``, a dataclass, ``X | None``, ``tuple[X, ...]``,
``Mapping[str, X]``, and each of them with one of the constraints below in ``Annotated[X, ...]``.
"""

from __future__ import annotations

import ipaddress
import re

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports, parse_ports

#: Key of a field's metadata: the document omits the field if it has its default.
_LEFT_OUT = "left_out"

#: Name of a dataclass's attribute: further keywords of its JSON Schema, for what its ``__post_init__`` tests.
ALSO_SCHEMA = "ALSO_SCHEMA"


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


@dataclass(frozen=True)
class Shared:
    """A value that is the same in many places of a document, which then have one value in Python. It is read once."""


@dataclass(frozen=True, eq=False)
class Converted:
    """A value with different forms in the document and in Python."""

    #: From the document's value to Python's. Raises ValueError with a sentence.
    read: Callable[[Any], Any]
    #: From Python's value to the document's.
    write: Callable[[Any], Any]
    #: JSON Schema of the document's value.
    schema: Mapping[str, Any]


def left_out(default: Any = None) -> Any:
    """A field that the document omits if its value is *default*, as ICMP has no ``ports``."""
    # pylint: disable-next=invalid-field-call
    return field(default=default, metadata={_LEFT_OUT: True})


def can_be_left_out(one: Field[Any]) -> bool:
    """Whether the writer omits the field if it has its default."""
    return bool(one.metadata.get(_LEFT_OUT))


def is_required(one: Field[Any]) -> bool:
    """Whether a document without the field is invalid: it has no default."""
    return one.default is MISSING and one.default_factory is MISSING


def shown(value: Any) -> str:
    """The value for a message, at most 60 characters, without control characters."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


#: Python parses what matches these patterns, so that reader and schema accept the same values: Python alone accepts
#: 10.0.0.0/255.0.0.0 and fe80::1%eth0, too.
_PORTS_PATTERN = "^[0-9]{1,5}(-[0-9]{1,5})?$"
_ADDRESS_PATTERN = "^[0-9A-Fa-f.:]+$"
_NETWORK_PATTERN = "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$"
_TIME_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


@lru_cache(maxsize=65536)
def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text)) if _matches(_ADDRESS_PATTERN, text) else None
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def _network(text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text)) if _matches(_NETWORK_PATTERN, text) else None
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def _ports(text: str) -> PortRange:
    if not _matches(_PORTS_PATTERN, text):
        raise ValueError(f"{shown(text)} is not a port: expected a number or a range such as 32000-33999")
    return parse_ports(text)


def _read_ports(value: Any) -> PortRange:
    if isinstance(value, str):
        return _ports(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return parse_ports(value)
    raise ValueError(f"{shown(value)} is not a port: expected a number or a range such as 32000-33999")


def _read_address(value: Any) -> str:
    found = _address(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{shown(value)} is not an IP address")
    return found


def _read_network(value: Any) -> str:
    found = _network(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{shown(value)} is not a CIDR such as 10.0.0.0/24")
    return found


def parse_time(value: Any) -> float:
    """Seconds since 1970 of a time in UTC such as 2026-11-25T05:10:00Z (RFC 3339). Raises ValueError."""
    try:
        if isinstance(value, str) and _matches(_TIME_PATTERN, value):
            # A record of traffic has thousands of times: time.strptime would be most of what reading one costs.
            return datetime.fromisoformat(f"{value[:-1]}+00:00").timestamp()
    except ValueError:
        pass
    raise ValueError(f"{shown(value)} is not a time such as 2026-11-25T05:10:00Z")


def _read_time(value: Any) -> str:
    parse_time(value)
    return str(value)


def as_is(value: Any) -> Any:
    """*value*, for fields with the same form in the document and in Python."""
    return value


#: ``22`` or ``"32000-33999"`` in the document, ``(first, last)`` in Python.
PORTS = Converted(
    _read_ports,
    format_ports,
    {"type": ["string", "integer"], "pattern": _PORTS_PATTERN, "minimum": 1, "maximum": 65535},
)
#: An IPv4 or IPv6 address, canonical in Python.
ADDRESS = Converted(_read_address, as_is, {"type": "string", "pattern": _ADDRESS_PATTERN})
#: A network in CIDR notation, canonical in Python.
NETWORK = Converted(_read_network, as_is, {"type": "string", "pattern": _NETWORK_PATTERN})
#: A time in UTC that :func:`parse_time` accepts. In Python, it is a string, too.
TIME = Converted(_read_time, as_is, {"type": "string", "pattern": _TIME_PATTERN})
#: One port.
PORT = Between(1, 65535)

__all__ = [
    "ADDRESS",
    "ALSO_SCHEMA",
    "NETWORK",
    "PORT",
    "PORTS",
    "TIME",
    "Between",
    "Choice",
    "Converted",
    "NonEmpty",
    "PortRange",
    "Shared",
    "as_is",
    "can_be_left_out",
    "is_required",
    "left_out",
    "parse_time",
    "shown",
]
