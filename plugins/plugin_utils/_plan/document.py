# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as a file: written the same to the byte, read back with every damage named."""

from __future__ import annotations

import hashlib
import json

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import PLAN_VERSION, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import shown
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.json_text import parse_json

#: Keys of the file whose mappings are written with a line for each member.
_HOSTS, _SOURCE_CLASSES = "hosts", "source_classes"


def dump_plan(plan: Plan) -> str:
    """The plan as JSON text: a line per rule, so that two plans can be compared line by line."""
    document = plan.as_dict()
    hosts, classes = document.pop(_HOSTS), document.pop(_SOURCE_CLASSES)
    texts: dict[int, str] = {}
    lines = ["{"]
    lines += [f" {_compact(key)}: {_compact(value)}," for key, value in document.items()]
    lines.append(f" {_compact(_SOURCE_CLASSES)}: {{")
    lines += _joined([f"  {_compact(key)}: {_compact(value)}" for key, value in classes.items()])
    lines += [" },", f" {_compact(_HOSTS)}: {{"]
    lines += _joined([_host_text(name, host, texts) for name, host in hosts.items()])
    lines += [" }", "}", ""]
    return "\n".join(lines)


#: What json.dumps would make anew for each of a thousand rules.
_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _joined(items: list[str]) -> list[str]:
    return [item + "," for item in items[:-1]] + items[-1:]


def _host_text(name: str, host: Mapping[str, Any], texts: dict[int, str]) -> str:
    """*texts*: what was written of lists so far, by their identity; hosts of one kind share some."""
    parts = []
    for key, value in host.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            if id(value) not in texts:
                rules = "\n".join(_joined([f"    {_compact(rule)}" for rule in value]))
                texts[id(value)] = f"[\n{rules}\n   ]"
            text = texts[id(value)]
        else:
            text = _compact(value)
        parts.append(f"   {_compact(key)}: {text}")
    return f"  {_compact(name)}: {{\n" + ",\n".join(parts) + "\n  }"


def plan_digest(plan: Plan) -> str:
    """``sha256:`` and 64 hex digits: the same for two plans that say the same, whatever their files look like.

    The digest of the plan's document as JSON with sorted keys, without spaces and line breaks, in UTF-8.
    """
    text = json.dumps(plan.as_dict(), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def parse_plan(text: str, place: str) -> Plan:
    """The plan in *text*. Raises InputError where it is damaged or of another version; *place* names the file."""
    subject = f"The saved plan {place} cannot be used; nothing was changed"
    try:
        document = parse_json(text)
    except ValueError as error:
        raise InputError(subject, [f"it is not valid JSON: {error}"]) from None
    if not isinstance(document, dict) or _HOSTS not in document:
        raise InputError(
            subject, ["it is not a plan: hosts is missing; create one with jsa.ports.plan -e jsa_plan_dest=FILE"]
        )
    version = document.get("version")
    if version != PLAN_VERSION or isinstance(version, bool):
        raise InputError(
            subject,
            [f"its version is {shown(version)}, and this collection reads version {PLAN_VERSION}: create it again"],
        )
    return Plan.from_dict(document, subject)
