# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a typed document from a JSON value. Each error has the path of the wrong value."""

from __future__ import annotations

import dataclasses
import marshal
import math
import types

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import did_you_mean
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import (
    Between,
    Choice,
    Converted,
    NonEmpty,
    Shared,
    is_required,
    shown,
)

T = TypeVar("T")

#: The path of a value: the path of its parent, and its key or index there. Only a problem needs it as text.
_Path = tuple[Any, str | int]

#: Reads a value. Arguments: the value, its path, and the list that problems are added to.
_Reader = Callable[[Any, _Path, list[str]], Any]

#: What was read of the document so far that occurs again and again, by reader and value.
_KNOWN: ContextVar[dict[tuple[_Reader, bytes], Any]] = ContextVar("_KNOWN")

_NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def read(kind: type[T], value: Any, place: str, problems: list[str]) -> T | None:
    """*value*, a mapping, as the dataclass *kind*. None if there are problems.

    Adds each problem to *problems* as ``PATH: sentence``. PATH begins with *place*.
    """
    before = len(problems)
    token = _KNOWN.set({})
    try:
        found = _reader(cast(Any, kind))(value, (None, place), problems)
    finally:
        _KNOWN.reset(token)
    return None if len(problems) > before else found


def _text(path: _Path) -> str:
    """The path as text, such as ``plan.hosts.con1.inbound[0]``."""
    parent, key = path
    if isinstance(key, int):
        return f"{_text(parent)}[{key}]"
    # A terminal interprets control characters.
    name = str(key) if key.isprintable() else ascii(key)
    return f"{_text(parent)}.{name}" if parent else name


@cache
def _reader(kind: Any) -> _Reader:
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *constraints = get_args(kind)
        return _constrained(inner, constraints)
    if origin in (Union, types.UnionType):
        (inner,) = (one for one in get_args(kind) if one is not types.NoneType)
        return _nullable(_reader(inner))
    if origin is tuple:
        return _list(_reader(get_args(kind)[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(_reader(get_args(kind)[1]))
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind)
    return _plain(kind)


def _plain(kind: Any) -> _Reader:
    accepted = (int, float) if kind is float else (kind,)

    def read_plain(value: Any, path: _Path, problems: list[str]) -> Any:
        # This is fast for valid values: the plan of a large deployment has a million of them.
        # pylint: disable-next=unidiomatic-typecheck
        if type(value) is kind and kind is not float and (kind is not str or value.isascii()):
            return value
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            problems.append(f"{_text(path)}: expected {_NAMES[kind]}, got {shown(value)}")
            return None
        if isinstance(value, str) and not _is_text(value):
            problems.append(f"{_text(path)}: {shown(value)} is not valid Unicode")
        if kind is float and not math.isfinite(value):
            problems.append(f"{_text(path)}: expected {_NAMES[kind]}, got {value}")
        # A plain str: ansible-core uses subclasses, which not every function accepts.
        return kind(value)

    return read_plain


def _is_text(value: str) -> bool:
    """Whether the string can be encoded in UTF-8: JSON can contain lone surrogates, which cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _nullable(inner: _Reader) -> _Reader:
    return lambda value, path, problems: None if value is None else inner(value, path, problems)


def _list(inner: _Reader) -> _Reader:
    def read_list(value: Any, path: _Path, problems: list[str]) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            problems.append(f"{_text(path)}: expected a list, got {shown(value)}")
            return ()
        return tuple([inner(item, (path, number), problems) for number, item in enumerate(value)])

    return read_list


def _mapping(inner: _Reader) -> _Reader:
    def read_mapping(value: Any, path: _Path, problems: list[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            problems.append(f"{_text(path)}: expected a mapping, got {shown(value)}")
            return {}
        found = {}
        for key, item in value.items():
            if isinstance(key, str) and _is_text(key):
                found[str(key)] = inner(item, (path, key), problems)
            else:
                problems.append(f"{_text(path)}: the key {shown(key)} is not valid text")
        return found

    return read_mapping


def _dataclass(kind: Any) -> _Reader:
    hints = get_type_hints(kind, include_extras=True)
    readers = {one.name: (_reader(hints[one.name]), is_required(one)) for one in dataclasses.fields(kind)}

    def read_dataclass(value: Any, path: _Path, problems: list[str]) -> Any:
        if not isinstance(value, Mapping):
            problems.append(f"{_text(path)}: expected a mapping, got {shown(value)}")
            return None
        before = len(problems)
        arguments = {}
        for name, (reader, required) in readers.items():
            if name in value:
                arguments[name] = reader(value[name], (path, name), problems)
            elif required:
                problems.append(f"{_text(path)}: {name} is missing")
        for key in value if len(value) > len(arguments) else ():
            if key not in readers:
                problems.append(f"{_text(path)}: unknown key {shown(key)}{did_you_mean(str(key), readers)}")
        if len(problems) > before:
            return None
        try:
            return kind(**arguments)
        except ValueError as error:
            problems.append(f"{_text(path)}: {error}")
            return None

    return read_dataclass


def _constrained(kind: Any, constraints: list[Any]) -> _Reader:
    (constraint,) = constraints
    if isinstance(constraint, Converted):
        return _converted(constraint)
    inner = _reader(kind)
    if isinstance(constraint, Shared):
        return _shared(inner)
    chosen = {(type(one), one) for one in constraint.values} if isinstance(constraint, Choice) else frozenset()

    def read_constrained(value: Any, path: _Path, problems: list[str]) -> Any:
        if isinstance(value, (str, int)) and (type(value), value) in chosen:
            return value
        before = len(problems)
        found = inner(value, path, problems)
        if len(problems) == before:
            problem = _problem(constraint, found)
            if problem:
                problems.append(f"{_text(path)}: {problem}")
        return found

    return read_constrained


def _converted(constraint: Converted) -> _Reader:
    def read_converted(value: Any, path: _Path, problems: list[str]) -> Any:
        try:
            return constraint.read(value)
        except ValueError as error:
            problems.append(f"{_text(path)}: {error}")
            return None

    return read_converted


def _shared(inner: _Reader) -> _Reader:
    def read_shared(value: Any, path: _Path, problems: list[str]) -> Any:
        try:
            # Unlike a comparison, it tells 1 from true. It takes nothing but Python's own types, and is not kept.
            key = inner, marshal.dumps(value)
        except ValueError:
            return inner(value, path, problems)
        known = _KNOWN.get()
        if key not in known:
            before = len(problems)
            found = inner(value, path, problems)
            if len(problems) > before:
                # Each place is told.
                return found
            known[key] = found
        return known[key]

    return read_shared


def _problem(constraint: Any, value: Any) -> str | None:
    if isinstance(constraint, Choice) and value not in constraint.values:
        guess = did_you_mean(str(value), map(str, constraint.values))
        return f"{shown(value)} is not one of {', '.join(map(str, constraint.values))}{guess}"
    if isinstance(constraint, NonEmpty) and not value:
        return f"is empty: {constraint.reason}"
    if isinstance(constraint, Between) and not constraint.low <= value <= constraint.high:
        return f"{value} is outside {constraint.low}-{constraint.high}"
    return None
