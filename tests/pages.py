# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a page of the documentation gives to copy, in the order in which a reader meets it."""

from __future__ import annotations

import ast
import re

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "roles").glob("*/README.md")),
]

#: A word in code that begins with one of these and goes on is a command line.
PROGRAMS = (
    "ansible",
    "ansible-builder",
    "ansible-galaxy",
    "ansible-navigator",
    "ansible-playbook",
    "ansible-pull",
    "antsibull-changelog",
    "cd",
    "diff",
    "git",
    "make",
    "pip",
)
_COMMAND = re.compile(rf"(?:[A-Z_]+=\S+ +)*(?:\.venv/bin/)?(?:{'|'.join(PROGRAMS)}|python) +\S")
#: Languages of files that other programs read.
_FILES = ("ini",)
#: A block between fences, which may be indented, or code within a line, which may go on in the next.
_CODE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<block>.*?)^ *```$|`(?P<span>[^`]+)`", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Item:
    """A command line, a lookup, or YAML: inventory, source of an inventory plugin, variables, tasks, playbook,
    requirements, or a CI's workflow."""

    page: str
    kind: str
    text: str


def items(page: str) -> list[Item]:
    return [Item(page, kind, text) for kind, text in _items((ROOT / page).read_text())]


def documented(kind: str, name: str, what: str) -> str:
    """DOCUMENTATION or EXAMPLES of a plugin, without running it."""
    tree = ast.parse((ROOT / "plugins" / kind / f"{name}.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == what:
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{name} has no {what}")


def _items(text: str) -> Iterator[tuple[str, str]]:
    for match in _CODE.finditer(text):
        if match["span"]:
            # A table's cell cannot hold a bare "|".
            span = " ".join(match["span"].replace("\\|", "|").split())
            if _COMMAND.match(span):
                yield "command", span
            elif span.startswith("lookup('jsa.ports."):
                yield "lookup", span
            continue
        block = "".join(line.removeprefix(match["indent"]) for line in match["block"].splitlines(keepends=True))
        if match["language"] in _FILES:
            continue
        if match["language"] == "yaml":
            yield from _yaml(block)
        else:
            yield from _lines(block, match["language"])


def _lines(block: str, language: str) -> Iterator[tuple[str, str]]:
    """A block of command lines is one item. One without a language may show an output, or a drawing, instead."""
    lines = [line for line in block.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    if all(_COMMAND.match(line) for line in lines):
        yield "command", "\n".join(lines)
    elif language:
        raise ValueError(f"not every line is a command that is known here: {block}")


def _yaml(block: str) -> Iterator[tuple[str, str]]:
    content = yaml.safe_load(block)
    if isinstance(content, list):
        if any("hosts" in item or "ansible.builtin.import_playbook" in item for item in content):
            yield "playbook", block
        elif all("name" in item for item in content):
            yield "tasks", block
        else:
            yield "sample", block
    elif "all" in content:
        yield "inventory", block
    elif "plugin" in content:
        yield "source", block
    elif "version" in content:
        yield "environment", block
    elif "collections" in content:
        yield "requirements", block
    elif all(key.startswith("jsa_") for key in content):
        yield "variables", block
    else:
        # GitHub's jobs stand below a key of that name, GitLab's at the top.
        for job in content.get("jobs", content).values():
            steps = job["steps"] if "steps" in job else job["script"]
            for step in steps:
                line = step.get("run") if isinstance(step, dict) else step
                if line:
                    yield "command", line
