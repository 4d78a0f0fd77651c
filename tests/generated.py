# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages that are written from data: the catalog's from its entries, each role's README from its argument specs,
the schema of observations from their types.

``make docs`` writes them; a test fails where one is stale.
"""

from __future__ import annotations

import json
import re

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Condition, Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import CheckObservations
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.observations import PreflightObservations
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.schema import schema

ROOT = Path(__file__).resolve().parent.parent
_NOTICE = "<!-- Written by make docs from {source}; change that instead. -->"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    heads = list(heads)
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return [*lines, *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)]


def _ports(entry: Entry) -> str:
    ports = ", ".join(format_ports(ports) for ports in entry.ports)
    if entry.dynamic:
        dynamic = f"chosen at start, {format_ports(entry.dynamic.ports)}"
        ports = f"{ports}; {dynamic}" if ports else dynamic
    return f"{ports or '-'} {'+'.join(entry.protocols)}"


def _condition(when: Condition) -> str:
    said = [f"with `{name}`" for name in when.features]
    said += [f"without `{name}`" for name in when.without_features]
    said += [f"where there is a `{role}`" for role in when.deployment_roles]
    if when.release_from:
        said.append(f"from {when.release_from}")
    if when.release_before:
        said.append(f"before {when.release_before}")
    return ", ".join(said)


def _flow(flow: Flow) -> str:
    names = [", ".join(f"`{name}`" for name in side) for side in (flow.initiators, flow.listeners)]
    said = [f"{names[0]} → {names[1]}"]
    if flow.attached:
        said.append("between a host and its `jsa_processor`")
    if condition := _condition(flow.when):
        said.append(condition)
    said.append(f"encryption: {flow.encryption}")
    return "; ".join(said)


def _described(entry: Entry) -> list[str]:
    lines = [f"### {entry.id}", "", f"**{entry.service}** · {_ports(entry)}", ""]
    lines += [entry.purpose, ""]
    facts = [f"exposure `{entry.exposure}`", f"confidence {entry.confidence}"]
    if condition := _condition(entry.when):
        facts.append(f"only {condition}")
    if entry.replaced_by:
        facts.append(f"between hosts of which one is encrypted, [{entry.replaced_by}](#{entry.replaced_by}) instead")
    if entry.server:
        facts.append(f"server `{entry.server}`")
    lines += [f"- {fact}" for fact in facts]
    lines += [f"- {_flow(flow)}" for flow in entry.flows]
    lines += [""]
    for statement in entry.statements:
        document, rows = statement.document.replace("_", " "), statement.table.replace("_", " ")
        lines.append(f"- {document}, table of {rows}, row {statement.row}: {statement.says}")
    lines += [f"- {item['source']}: {item['says']}" for item in entry.evidence]
    if entry.disagreement:
        readings = entry.disagreement.readings
        lines += ["", "The documents disagree:", ""]
        lines += [f"- {name.replace('_', ' ')}: {reading}" for name, reading in readings.items()]
        lines += [f"- verdict: {entry.disagreement.verdict.replace('_', ' ')}. {entry.disagreement.reason}"]
    return [*lines, ""]


def catalog_page(catalog: Mapping[str, Entry]) -> str:
    entries = list(catalog.values())
    by_port = sorted(
        ((first, last, entry) for entry in entries for first, last in entry.ports),
        key=lambda item: (item[0], item[1], item[2].id),
    )
    roles: dict[str, dict[str, set[str]]] = {}
    for entry in entries:
        for flow in entry.flows:
            for side, names in (("listens", flow.listeners), ("initiates", flow.initiators)):
                for name in names:
                    roles.setdefault(name, {"listens": set(), "initiates": set()})[side].add(entry.id)

    def links(ids: Iterable[str]) -> str:
        return ", ".join(f"[{name}](#{name})" for name in sorted(ids)) or "-"

    lines = [
        "# The catalog",
        "",
        _NOTICE.format(source="plugins/plugin_utils/_catalog/data"),
        "",
        f"{len(entries)} entries. An entry is a purpose, not a port: a port may serve several. The lookup",
        "`jsa.ports.catalog` answers the same. How an entry is changed, and with what evidence, is in",
        "[CONTRIBUTING.md](../CONTRIBUTING.md).",
        "",
        "[By port](#by-port) · [By service](#by-service) · [By role](#by-role) ·",
        "[Where the documents disagree](#where-the-documents-disagree) · [Entries](#entries)",
        "",
        "## By port",
        "",
        *table(
            ("port", "protocols", "entry", "service", "exposure"),
            (
                (
                    str(first) if first == last else f"{first}-{last}",
                    "+".join(entry.protocols),
                    links([entry.id]),
                    entry.service,
                    entry.exposure,
                )
                for first, last, entry in by_port
            ),
        ),
        "",
        "## By service",
        "",
        *table(
            ("service", "entry", "ports", "confidence"),
            (
                (entry.service, links([entry.id]), _ports(entry), entry.confidence)
                for entry in sorted(entries, key=lambda entry: (entry.service.lower(), entry.id))
            ),
        ),
        "",
        "## By role",
        "",
        "Roles, groups of hosts, networks outside. What holds for `any_host` or `managed_host` holds for each role.",
        "",
        *table(
            ("who", "listens for", "initiates"),
            ((f"`{name}`", links(ids["listens"]), links(ids["initiates"])) for name, ids in sorted(roles.items())),
        ),
        "",
        "## Where the documents disagree",
        "",
        *table(
            ("entry", "verdict", "reason"),
            (
                (links([entry.id]), entry.disagreement.verdict.replace("_", " "), entry.disagreement.reason)
                for entry in sorted(entries, key=lambda entry: entry.id)
                if entry.disagreement
            ),
        ),
        "",
        "## Entries",
        "",
    ]
    for entry in sorted(entries, key=lambda entry: entry.id):
        lines += _described(entry)
    return "\n".join(lines).rstrip("\n") + "\n"


def plain(text: str) -> str:
    """Ansible's markup as Markdown."""
    text = re.sub(r"\b[VCOE]\(([^)]*)\)", r"`\1`", text)
    text = re.sub(r"\bB\(([^)]*)\)", r"**\1**", text)
    return re.sub(r"\bM\(([^)]*)\)", r"`\1`", text)


def _paragraphs(text: str | list[str]) -> list[str]:
    return [plain(line) for line in ([text] if isinstance(text, str) else text)]


def _role_rows(options: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, ...]]:
    for name, option in options.items():
        kind = option.get("type", "str")
        if option.get("elements"):
            kind = f"{kind} of {option['elements']}"
        default = f"`{json.dumps(option['default'])}`" if "default" in option else "-"
        if option.get("choices"):
            kind = f"{kind}: {', '.join(f'`{choice}`' for choice in option['choices'])}"
        said = " ".join(_paragraphs(option["description"]))
        yield f"`{name}`", kind, default, said


def role_page(role: Path) -> str:
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    lines = [f"# jsa.ports.{role.name}", "", _NOTICE.format(source="meta/argument_specs.yml"), ""]
    for name, spec in specs.items():
        if name != "main":
            lines += [f"## {name}", ""]
        lines += [plain(spec["short_description"]) + ".", ""]
        for paragraph in _paragraphs(spec.get("description", [])):
            lines += [paragraph, ""]
        lines += [*table(("variable", "type", "default", "meaning"), _role_rows(spec.get("options", {}))), ""]
    lines += [
        "```yaml",
        "- hosts: all",
        "  become: true",
        "  roles:",
        f"    - role: jsa.ports.{role.name}",
        "```",
    ]
    return "\n".join(lines) + "\n"


def observations_schema() -> str:
    """JSON Schema of what check and preflight write with observations_dest."""
    found = [schema(kind, kind.__name__) for kind in (CheckObservations, PreflightObservations)]
    definitions = {name: one for each in found for name, one in each["$defs"].items()}
    document = {
        "$schema": found[0]["$schema"],
        "title": "Observations of jsa.ports: what a check or a preflight saw on each host",
        "oneOf": [{"$ref": each["$ref"]} for each in found],
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(document, indent=2) + "\n"


def pages() -> dict[Path, str]:
    """Every generated file of the project, with what it should hold."""
    found = {
        ROOT / "docs" / "catalog.md": catalog_page(load_catalog()),
        ROOT / "docs" / "observations.schema.json": observations_schema(),
    }
    for role in sorted((ROOT / "roles").iterdir()):
        if (role / "meta" / "argument_specs.yml").exists():
            found[role / "README.md"] = role_page(role)
    return found


def main() -> None:
    for path, text in pages().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"{path.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
