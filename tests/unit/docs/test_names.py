# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each name that the documentation uses exists, and each example of a plugin is one that the plugin would take."""

from __future__ import annotations

import importlib
import re
import shlex

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator

from ansible_collections.jsa.ports.tests.pages import documented

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "ansible_collections.jsa.ports.plugins"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
#: Those whose module is only documentation: no ansible-test compares that with what the action plugin takes.
ON_THE_CONTROLLER = sorted(
    path.stem
    for path in (ROOT / "plugins" / "action").glob("*.py")
    if "AnsibleModule" not in (ROOT / "plugins" / "modules" / path.name).read_text()
)


def role_options() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        for spec in yaml.safe_load(path.read_text())["argument_specs"].values():
            found |= set(spec.get("options", {}))
    return found


def code_words() -> str:
    """Where a variable is read: the playbooks, and the code that reads the inventory."""
    code = [*(ROOT / "playbooks").glob("*.yml"), *(ROOT / "plugins").rglob("*.py")]
    return "\n".join(path.read_text() for path in code)


def names_in(path: Path, pattern: str) -> set[str]:
    return set(re.findall(pattern, path.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_exists(page: Path) -> None:
    known = role_options() | {path.name for path in (ROOT / "roles").iterdir()}
    code = code_words()
    strange = [
        name
        for name in sorted(names_in(page, r"\bjsa_[a-z0-9_]*[a-z0-9]\b"))
        # The module and state folder of that name, and what stands for several ("jsa_*") are no variables.
        if name not in known and name != "jsa_ports" and not re.search(rf"\b{name}\b", code)
    ]
    assert strange == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_playbook_module_lookup_and_role_exists(page: Path) -> None:
    places = {
        *(path.stem for path in (ROOT / "playbooks").glob("*.yml")),
        *(path.stem for kind in ("modules", "lookup", "inventory") for path in (ROOT / "plugins" / kind).glob("*.py")),
        *(path.name for path in (ROOT / "roles").iterdir()),
    }
    assert names_in(page, r"\bjsa\.ports\.([a-z_]+)\b") - places == set()


def test_the_readme_lists_all_that_there_is() -> None:
    text = (ROOT / "README.md").read_text().partition("\n## What the collection contains\n")[2].partition("\n## ")[0]
    firsts = [line.split(" | ")[0] for line in text.splitlines() if "jsa.ports." in line]
    listed = [found[1] for first in firsts if (found := re.search(r"\bjsa\.ports\.(\w+)", first))]
    folders = ("playbooks", "roles", "plugins/modules", "plugins/lookup", "plugins/inventory")
    there = [path for folder in folders if (ROOT / folder).is_dir() for path in (ROOT / folder).iterdir()]
    # A list: a module and its playbook may have the same name.
    assert sorted(listed) == sorted(path.stem for path in there if not path.name.startswith("_"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    targets |= {"lint", "unit", "package", "sanity"}
    assert names_in(page, r"`make ([a-z-]+)") - targets == set()


def test_the_map_knows_every_folder_and_no_other() -> None:
    """CONTRIBUTING.md says where to go to change something."""
    named = names_in(ROOT / "CONTRIBUTING.md", r"`((?:plugins|playbooks|roles|tests|docs|extensions)(?:/[^` ]*)?)`")
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    packages = {
        str(folder.relative_to(ROOT)) for kind in ("module_utils", "plugin_utils") for folder in packages_of(kind)
    }
    assert packages <= {"/".join(name.split("/")[:3]) for name in named}
    assert {f"tests/{path.name}" for path in (ROOT / "tests").iterdir() if (path / "__init__.py").exists()} <= named


def packages_of(kind: str) -> list[Path]:
    return [path for path in (ROOT / "plugins" / kind).iterdir() if path.is_dir() and any(path.glob("*.py"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_tag_exists(page: Path) -> None:
    """Ansible says nothing of one that does not, and does nothing."""
    parts = yaml.safe_load((ROOT / "playbooks" / "site.yml").read_text())
    known = {tag for part in parts for tag in part["tags"]}
    assert {tag for tags in names_in(page, r"--tags ([a-z,]+)") for tag in tags.split(",")} <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_yaml_block_can_be_read(page: Path) -> None:
    for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        yaml.safe_load(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_line_can_be_split(page: Path) -> None:
    for block in re.findall(r"^```(?:sh|shell|bash)\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            shlex.split(line, comments=True)


def tasks_of(name: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = []

    def collect(items: list[dict[str, Any]]) -> None:
        for item in items:
            tasks.append(item)
            for key in ("tasks", "block", "rescue", "always", "pre_tasks", "post_tasks"):
                collect(item.get(key) or [])

    collect(yaml.safe_load(documented("modules", name, "EXAMPLES")))
    return tasks


def argument_spec(name: str) -> dict[str, Any]:
    """From the documentation: ansible-test holds it to the module's own spec."""

    def spec(options: dict[str, Any]) -> dict[str, Any]:
        kept = ("type", "elements", "required", "choices", "default", "aliases")
        found = {}
        for option, values in options.items():
            found[option] = {key: values[key] for key in kept if key in values}
            if "suboptions" in values:
                found[option]["options"] = spec(values["suboptions"])
        return found

    documentation = yaml.safe_load(documented("modules", name, "DOCUMENTATION"))
    found = spec(documentation.get("options", {}))
    for fragment in documentation.get("extends_documentation_fragment", []):
        file, _dot, part = fragment.removeprefix("jsa.ports.").partition(".")
        text = documented("doc_fragments", file, part.upper() or "DOCUMENTATION")
        found.update(spec(yaml.safe_load(text).get("options", {})))
    return found


@pytest.mark.parametrize("name", ON_THE_CONTROLLER)
def test_an_action_takes_what_is_documented(name: str) -> None:
    def told(options: dict[str, Any]) -> dict[str, Any]:
        kept = {option: {key: values[key] for key in values if key != "no_log"} for option, values in options.items()}
        for values in kept.values():
            values["options"] = told(values.get("options", {}))
        return kept

    action = importlib.import_module(f"{PACKAGE}.action.{name}")
    assert told(action.ActionModule.ARGUMENT_SPEC) == told(argument_spec(name))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_tasks_that_it_takes(name: str) -> None:
    examples = [task for task in tasks_of(name) if f"jsa.ports.{name}" in task]
    assert examples, "no example of the module itself"
    options = argument_spec(name)
    for task in examples:
        arguments = task[f"jsa.ports.{name}"] or {}
        assert set(arguments) <= set(options), task["name"]
        missing = [option for option, values in options.items() if values.get("required") and option not in arguments]
        assert missing == [], task["name"]
        # What a template will be is known at run time only.
        plain = {option: value for option, value in arguments.items() if "{{" not in str(value)}
        given = {option: {**values, "required": False} for option, values in options.items() if option in plain}
        result = ModuleArgumentSpecValidator(given).validate(plain)
        assert result.error_messages == [], task["name"]


@pytest.mark.parametrize("name", MODULES)
def test_other_tasks_of_the_examples_use_modules_that_exist(name: str) -> None:
    for task in tasks_of(name):
        for key in task:
            if key.startswith("jsa.ports."):
                assert key.rpartition(".")[2] in MODULES, task["name"]
            elif key.startswith("ansible.builtin."):
                importlib.import_module(f"ansible.modules.{key.rpartition('.')[2]}")
