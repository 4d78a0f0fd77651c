# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a typed document to plain JSON values."""

from __future__ import annotations

import dataclasses
import types

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Converted, is_left_out

_Writer = Callable[[Any], Any]


def write(document: Any) -> dict[str, Any]:
    """A dataclass as dicts, lists, strings, numbers and None, in the order of its fields."""
    written: dict[str, Any] = _writer(cast(Any, type(document)))(document)
    return written


@cache
def _writer(kind: Any) -> _Writer:
    origin = get_origin(kind)
    if origin is Annotated:
        inner, constraint = get_args(kind)
        written: _Writer = constraint.write if isinstance(constraint, Converted) else _writer(inner)
        return written
    if origin in (Union, types.UnionType):
        (inner,) = (one for one in get_args(kind) if one is not type(None))
        inside = _writer(inner)
        return lambda value: None if value is None else inside(value)
    if origin is tuple:
        item = _writer(get_args(kind)[0])
        return list if item is _same else lambda value: [item(one) for one in value]
    if origin is not None and issubclass(origin, Mapping):
        member = _writer(get_args(kind)[1])
        return lambda value: {key: member(one) for key, one in value.items()}
    if dataclasses.is_dataclass(kind):
        return _dataclass_writer(kind)
    return _same


def _same(value: Any) -> Any:
    return value


def _dataclass_writer(kind: Any) -> _Writer:
    hints = get_type_hints(kind, include_extras=True)
    writers = [(one, one.name, _writer(hints[one.name])) for one in dataclasses.fields(kind)]

    def write_dataclass(document: Any) -> dict[str, Any]:
        written = {}
        for one, name, writer in writers:
            value = getattr(document, name)
            if not is_left_out(one, value):
                written[name] = writer(value)
        return written

    return write_dataclass
