# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host is asked for, and what it answers, as one text each.

Ansible evaluates every value of an option of a task as a template, and copies every value of a result several times.
Rules, sockets and probes of a host are thousands of values, and a text is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.json_text import compact_json, parse_json

#: The options of jsa.ports.observe that a request can have.
OPTIONS = ("expected", "rules", "probes", "rate", "flows", "foreseen")

#: The parts of a result of jsa.ports.observe, and where in the result of its task they are as one text.
_PARTS = ("sockets", "firewall", "probes", "paths")
_ANSWER = "answer"


def write_request(options: Mapping[str, Any]) -> str:
    """*options* of jsa.ports.observe as one JSON text."""
    return compact_json(options)


def read_request(value: Any) -> dict[str, Any]:
    """The options of jsa.ports.observe that *value*, a JSON text or what was in one, has. Raises InputError."""
    problems = []
    try:
        found = parse_json(value) if isinstance(value, str) else value
    except ValueError as error:
        problems.append(f"it is not JSON: {error}")
        found = {}
    if not isinstance(found, Mapping):
        problems.append(f"expected a mapping, got {type(found).__name__}")
        found = {}
    problems += [f"{key!r} is not one of {', '.join(OPTIONS)}" for key in found if key not in OPTIONS]
    if problems:
        raise InputError("The request cannot be used", [f"request: {problem}" for problem in problems])
    return dict(found)


def write_answer(result: Mapping[str, Any]) -> dict[str, Any]:
    """The *result* of jsa.ports.observe with its parts as one text. One that failed has none."""
    parts = {key: value for key, value in result.items() if key in _PARTS}
    rest = {key: value for key, value in result.items() if key not in _PARTS}
    return {**rest, _ANSWER: compact_json(parts)} if parts else rest


def read_answer(result: Any) -> Any:
    """The result of jsa.ports.observe with its parts, whether the task has returned them as a text or not."""
    text = result.get(_ANSWER) if isinstance(result, Mapping) else None
    if not isinstance(text, str):
        return result
    rest = {key: value for key, value in result.items() if key != _ANSWER}
    try:
        parts = parse_json(text)
    except ValueError as error:
        return {**rest, "failed": True, "msg": f"its answer is not JSON: {error}"}
    if not isinstance(parts, dict):
        return {**rest, "failed": True, "msg": "its answer is not JSON of a mapping"}
    return {**rest, **{key: parts[key] for key in _PARTS if key in parts}}
