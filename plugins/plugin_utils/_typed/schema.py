# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Computes the JSON Schema of a typed document."""

from __future__ import annotations

import dataclasses
import types

from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import (
    ALSO_SCHEMA,
    Between,
    Choice,
    Converted,
    NonEmpty,
    Shared,
    is_required,
)

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema(kind: Any, title: str) -> dict[str, Any]:
    """The schema (draft 2020-12) of the dataclass *kind*, with a definition for each dataclass in it."""
    definitions: dict[str, Any] = {}
    reference = _schema(kind, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **reference,
        "$defs": dict(sorted(definitions.items())),
    }


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(kind)
    if origin is Annotated:
        inner, constraint = get_args(kind)
        return _constrained(inner, constraint, definitions)
    if origin in (Union, types.UnionType):
        (inner,) = (one for one in get_args(kind) if one is not types.NoneType)
        return {"anyOf": [_schema(inner, definitions), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _schema(get_args(kind)[0], definitions)}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(get_args(kind)[1], definitions)}
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, definitions)
    return {"type": _PLAIN[kind]}


def _constrained(inner: Any, constraint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if isinstance(constraint, Converted):
        return dict(constraint.schema)
    found = _schema(inner, definitions)
    if isinstance(constraint, Shared):
        return found
    if isinstance(constraint, Choice):
        return {**found, "enum": list(constraint.values)}
    if isinstance(constraint, Between):
        return {**found, "minimum": constraint.low, "maximum": constraint.high}
    if isinstance(constraint, NonEmpty):
        return {**found, "minProperties" if found["type"] == "object" else "minItems": 1}
    raise TypeError(f"no schema for {constraint!r}")


def _dataclass(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}
        hints = get_type_hints(kind, include_extras=True)
        fields = dataclasses.fields(kind)
        definitions[name] = {
            "type": "object",
            "description": (kind.__doc__ or "").strip().splitlines()[0],
            "properties": {one.name: _schema(hints[one.name], definitions) for one in fields},
            "required": [one.name for one in fields if is_required(one)],
            "additionalProperties": False,
            **getattr(kind, ALSO_SCHEMA, {}),
        }
    return {"$ref": f"#/$defs/{name}"}
