# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a page is found to be done by its reader, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests import pages


def found(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> list[tuple[str, str]]:
    (folder / "page.md").write_text(text)
    monkeypatch.setattr(pages, "ROOT", folder)
    return [(item.kind, item.text) for item in pages.items("page.md")]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("`make`, `ansible-playbook`, `-e a=b`, `jsa_networks` and `makes sense` are words", []),
        ("`JSA=1 make it` and `.venv/bin/ansible-playbook x`", ["command", "command"]),
        ("```\nFROM  TO\ncon1  ep1\n```\n", []),
        ("```\nmake build  # here\n\npip install x\n```\n", ["command"]),
        ("```yaml\nall: {hosts: {}}\n```\n", ["inventory"]),
        ("```yaml\nplugin: jsa.ports.console\n```\n", ["source"]),
        ("```yaml\njsa_release: 7.5.0\n```\n", ["variables"]),
        ("```yaml\n- name: One\n  jsa.ports.facts:\n```\n", ["tasks"]),
        ("```yaml\n- hosts: all\n```\n", ["playbook"]),
        ("```yaml\n- name: All of it\n  ansible.builtin.import_playbook: jsa.ports.site\n```\n", ["playbook"]),
        ("```yaml\n- protocol: tcp\n```\n", ["sample"]),
        ("```yaml\nversion: 3\n```\n", ["environment"]),
        ("```yaml\ncollections: [{name: x, version: 1}]\n```\n", ["requirements"]),
        (
            "```yaml\njobs: {plan: {steps: [{uses: x}, {run: make it}, {run: make more}]}}\n```\n",
            ["command", "command"],
        ),
        ("```yaml\nplan: {script: [make it]}\n```\n", ["command"]),
    ],
)
def test_kinds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, kinds: list[str]) -> None:
    assert [kind for kind, _text in found(monkeypatch, tmp_path, text)] == kinds


def test_they_come_in_order_and_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "1. `make a\n   b` or `ansible x \\| grep y`\n\n   ```sh\n   pip c \\\n     d\n   ```\n\n"
    text += "Ask `lookup('jsa.ports.catalog')`."
    assert found(monkeypatch, tmp_path, text) == [
        ("command", "make a b"),
        ("command", "ansible x | grep y"),
        ("command", "pip c    d"),
        ("lookup", "lookup('jsa.ports.catalog')"),
    ]


def test_a_line_that_is_no_known_command_is_not_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frobnicate"):
        found(monkeypatch, tmp_path, "```sh\nfrobnicate it\n```\n")
