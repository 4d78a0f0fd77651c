# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a JSON value to a typed document, with the path of everything that is wrong."""

from __future__ import annotations

import dataclasses
import types

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import did_you_mean
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import (
    Between,
    Choice,
    Converted,
    NonEmpty,
    is_required,
)

T = TypeVar("T")

#: Where a value is: a text, or the place that it is in and what follows. Where a value is right, nobody reads it.
_Path = Any

#: Takes a value, its path, and the list that problems are added to.
_Reader = Callable[[Any, _Path, list[str]], Any]

_NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def read(kind: type[T], value: Any, place: str, problems: list[str]) -> T | None:
    """The *value* as a *kind*, a dataclass.

    Every problem is added to *problems* as ``PATH: sentence``, where PATH begins with *place*; then the result is None.
    """
    before = len(problems)
    found = _reader(cast(Any, kind))(value, place, problems)
    return None if len(problems) > before else found


def _told(path: _Path) -> str:
    if isinstance(path, str):
        return path
    inside, step = path
    return _told(inside) + (f"[{step}]" if isinstance(step, int) else f".{step}")


@cache
def _reader(kind: Any) -> _Reader:
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *constraints = get_args(kind)
        return _constrained(inner, constraints)
    if origin in (Union, types.UnionType):
        (inner,) = (one for one in get_args(kind) if one is not type(None))
        return _nullable(_reader(inner))
    if origin is tuple:
        return _list(_reader(get_args(kind)[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(_reader(get_args(kind)[1]))
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind)
    return _plain(kind)


def _plain(kind: type) -> _Reader:
    accepted = (int, float) if kind is float else (kind,)

    def read_plain(value: Any, path: _Path, problems: list[str]) -> Any:
        if type(value) is kind:
            return value
        if isinstance(value, accepted) and (kind is bool or not isinstance(value, bool)):
            # A plain one: ansible-core marks strings with where they come from, and not every reader takes those.
            return kind(value)
        problems.append(f"{_told(path)}: expected {_NAMES[kind]}, got {_shown(value)}")
        return None

    return read_plain


def _nullable(inner: _Reader) -> _Reader:
    return lambda value, path, problems: None if value is None else inner(value, path, problems)


def _list(inner: _Reader) -> _Reader:
    def read_list(value: Any, path: _Path, problems: list[str]) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            problems.append(f"{_told(path)}: expected a list, got {_shown(value)}")
            return ()
        return tuple([inner(item, (path, number), problems) for number, item in enumerate(value)])

    return read_list


def _mapping(inner: _Reader) -> _Reader:
    def read_mapping(value: Any, path: _Path, problems: list[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            problems.append(f"{_told(path)}: expected a mapping, got {_shown(value)}")
            return {}
        found = {}
        for key, item in value.items():
            if isinstance(key, str):
                found[str(key)] = inner(item, (path, str(key)), problems)
            else:
                problems.append(f"{_told(path)}: the key {_shown(key)} is not a string")
        return found

    return read_mapping


def _dataclass(kind: Any) -> _Reader:
    hints = get_type_hints(kind, include_extras=True)
    readers = {one.name: (_reader(hints[one.name]), is_required(one)) for one in dataclasses.fields(kind)}

    def read_dataclass(value: Any, path: _Path, problems: list[str]) -> Any:
        if not isinstance(value, Mapping):
            problems.append(f"{_told(path)}: expected a mapping, got {_shown(value)}")
            return None
        before = len(problems)
        arguments = {}
        for name, (reader, required) in readers.items():
            if name in value:
                arguments[name] = reader(value[name], (path, name), problems)
            elif required:
                problems.append(f"{_told(path)}: {name} is missing")
        for key in value:
            if key not in readers:
                problems.append(f"{_told(path)}: unknown key {_shown(key)}{did_you_mean(str(key), readers)}")
        if len(problems) > before:
            return None
        try:
            return kind(**arguments)
        except ValueError as error:
            problems.append(f"{_told(path)}: {error}")
            return None

    return read_dataclass


def _constrained(kind: Any, constraints: list[Any]) -> _Reader:
    (constraint,) = constraints
    if isinstance(constraint, Converted):
        return _converted(constraint)
    inner = _reader(kind)
    # Most values are right: of a choice, nothing more has to be asked of one that is exactly among its values.
    chosen = {(type(one), one) for one in constraint.values} if isinstance(constraint, Choice) else frozenset()

    def read_constrained(value: Any, path: _Path, problems: list[str]) -> Any:
        if chosen and isinstance(value, (str, int)) and (type(value), value) in chosen:
            return value
        before = len(problems)
        found = inner(value, path, problems)
        if len(problems) == before:
            problem = _problem(constraint, found)
            if problem:
                problems.append(f"{_told(path)}: {problem}")
        return found

    return read_constrained


def _converted(constraint: Converted) -> _Reader:
    def read_converted(value: Any, path: _Path, problems: list[str]) -> Any:
        try:
            return constraint.read(value)
        except ValueError as error:
            problems.append(f"{_told(path)}: {error}")
            return None

    return read_converted


def _problem(constraint: Any, value: Any) -> str | None:
    if isinstance(constraint, Choice) and value not in constraint.values:
        guess = did_you_mean(str(value), map(str, constraint.values))
        return f"{_shown(value)} is not one of {', '.join(map(str, constraint.values))}{guess}"
    if isinstance(constraint, NonEmpty) and not value:
        return f"is empty: {constraint.reason}"
    if isinstance(constraint, Between) and not constraint.low <= value <= constraint.high:
        return f"{value} is outside {constraint.low}-{constraint.high}"
    return None


def _shown(value: Any) -> str:
    """The value, cut to what a person reads. Without control characters, which a terminal would obey."""
    text = ascii(value) if isinstance(value, str) else repr(value).encode("unicode_escape").decode("ascii")
    return text if len(text) <= 60 else f"{text[:57]}..."
