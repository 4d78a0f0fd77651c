# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Converts a typed document to plain JSON values."""

from __future__ import annotations

import dataclasses
import types

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Converted, as_is, can_be_left_out

#: The converted parts of one document, by the identities of their writers and values.
_Known = dict[tuple[int, int], Any]

_Writer = Callable[[Any, _Known], Any]


def write(document: Any) -> dict[str, Any]:
    """*document*, a dataclass, as dicts, lists, strings, numbers, booleans, and None, in the order of its fields.

    A tuple or dataclass that occurs several times in the document is converted once, and the result is shared.
    """
    written: dict[str, Any] = _writer(cast(Any, type(document)))(document, {})
    return written


@cache
def _writer(kind: Any) -> _Writer:
    origin = get_origin(kind)
    if origin is Annotated:
        inner, constraint = get_args(kind)
        return _converted(constraint) if isinstance(constraint, Converted) else _writer(inner)
    if origin in (Union, types.UnionType):
        (inner,) = (one for one in get_args(kind) if one is not types.NoneType)
        inside = _writer(inner)
        return lambda value, known: None if value is None else inside(value, known)
    if origin is tuple:
        return _list(_writer(get_args(kind)[0]))
    if origin is not None and issubclass(origin, Mapping):
        member = _writer(get_args(kind)[1])
        return lambda value, known: {key: member(one, known) for key, one in value.items()}
    if dataclasses.is_dataclass(kind):
        return _dataclass_writer(kind)
    return _same


def _same(value: Any, _known: _Known) -> Any:
    return value


def _converted(constraint: Converted) -> _Writer:
    if constraint.write is as_is:
        return _same
    return lambda value, _known: constraint.write(value)


def _list(item: _Writer) -> _Writer:
    def write_list(value: Any, known: _Known) -> list[Any]:
        if not value:
            return []
        # The document references the tuple, so no other object can get its id meanwhile.
        key = id(item), id(value)
        written: list[Any] | None = known.get(key)
        if written is None:
            written = known[key] = list(value) if item is _same else [item(one, known) for one in value]
        return written

    return write_list


def _dataclass_writer(kind: Any) -> _Writer:
    hints = get_type_hints(kind, include_extras=True)
    fields = dataclasses.fields(kind)
    writers = [(one.name, _writer(hints[one.name]), one if can_be_left_out(one) else None) for one in fields]

    def write_dataclass(document: Any, known: _Known) -> dict[str, Any]:
        key = id(kind), id(document)
        written: dict[str, Any] | None = known.get(key)
        if written is None:
            written = known[key] = {}
            for name, writer, optional in writers:
                value = getattr(document, name)
                if optional is None or value != optional.default:
                    written[name] = value if writer is _same else writer(value, known)
        return written

    return write_dataclass
