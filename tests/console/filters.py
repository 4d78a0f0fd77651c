# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters filter and fields of the API, as its documentation describes them."""

from __future__ import annotations

import json
import re

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Item = Mapping[str, Any]
Test = Callable[[Item], bool]

_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|(<=|>=|!=|<>|[=<>(),])|([^\s=<>!(),"]+))')
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one is not None and one < other,
    ">": lambda one, other: one is not None and one > other,
    "<=": lambda one, other: one is not None and one <= other,
    ">=": lambda one, other: one is not None and one >= other,
}


class FilterError(ValueError):
    """A filter or a list of fields that the API would reject."""


def parse_filter(text: str) -> Test:
    """A test of one item. Raises FilterError."""
    parser = _Parser(text)
    test = parser.either()
    if parser.peek() is not None:
        raise FilterError(f"unexpected {parser.peek()!r} in the filter")
    return test


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                raise FilterError(f"cannot read the filter at {text[position:]!r}")
            self._tokens.append(next(part for part in match.groups() if part is not None))
            position = match.end()

    def peek(self) -> str | None:
        return self._tokens[0] if self._tokens else None

    def _next(self, *expected: str) -> str:
        if not self._tokens or (expected and self._tokens[0].lower() not in expected):
            raise FilterError(f"expected {' or '.join(expected) or 'more'} in the filter, got {self.peek()!r}")
        return self._tokens.pop(0)

    def _accept(self, word: str) -> bool:
        if self._tokens and self._tokens[0].lower() == word:
            self._tokens.pop(0)
            return True
        return False

    def either(self) -> Test:
        tests = [self._all()]
        while self._accept("or"):
            tests.append(self._all())
        return lambda item: any(test(item) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._accept("and"):
            tests.append(self._one())
        return lambda item: all(test(item) for test in tests)

    def _one(self) -> Test:
        if self._accept("not"):
            inner = self._one()
            return lambda item: not inner(item)
        if self._accept("("):
            inner = self.either()
            self._next(")")
            return inner
        name = self._next()
        if self._accept("is"):
            negated = self._accept("not")
            self._next("null")
            return lambda item: (item.get(name) is None) != negated
        negated = self._accept("not")
        if self._accept("between"):
            low = self._value()
            self._next("and")
            high = self._value()
            return lambda item: (low <= item.get(name) <= high) != negated
        if negated or self.peek() == "in":
            self._next("in")
            values = self._values()
            return lambda item: (item.get(name) in values) != negated
        compare, value = _COMPARE[self._next(*_COMPARE)], self._value()
        return lambda item: compare(item.get(name), value)

    def _values(self) -> list[Any]:
        self._next("(")
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        self._next(")")
        return values

    def _value(self) -> Any:
        text = self._next()
        if text in _COMPARE or text in "(),":
            raise FilterError(f"expected a value in the filter, got {text!r}")
        try:
            return json.loads(text.lower() if text.lower() in ("true", "false") else text)
        except ValueError:
            return text


def parse_fields(text: str) -> dict[str, Any]:
    """``a,b(c)`` as ``{"a": None, "b": {"c": None}}``. Raises FilterError."""
    tokens = iter(re.findall(r"[(),]|[^(),]+", text))
    fields = _fields(tokens)
    if next(tokens, None) is not None:
        raise FilterError("a bracket of the fields is closed twice")
    return fields


def _fields(tokens: Iterator[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    last = ""
    for token in tokens:
        if token == ")":
            break
        if token == "(":
            found[last] = _fields(tokens)
        elif token != ",":
            last = token.strip()
            found[last] = None
    return found


def select(value: Any, fields: Mapping[str, Any] | None) -> Any:
    """*value* with only the *fields*."""
    if fields is None or value is None:
        return value
    if isinstance(value, list):
        return [select(item, fields) for item in value]
    return {name: select(value[name], inner) for name, inner in fields.items() if name in value}
