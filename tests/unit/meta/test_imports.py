# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Imports point one way: from what is special to what is general, never back, and never in a circle."""

from __future__ import annotations

import ast
import graphlib
import sys

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3] / "plugins"
PACKAGE = "ansible_collections.jsa.ports.plugins."

#: A room, and the rooms that it may import. A room is a folder or file of a tree; where a folder holds several topics,
#: one of these. The order is that of the layers, the most general first.
_GENERAL = {"_errors", "_ports", "_families", "_printable"}
MODULE_UTILS: dict[str, set[str]] = {
    "_errors": set(),
    "_ports": set(),
    "_families": set(),
    "_printable": set(),
    # How the rest is imported.
    "_zip_imports": set(),
    "_backends package": {"_zip_imports"},
    "_observe package": {"_zip_imports"},
    "_host": _GENERAL,
    "_rules": _GENERAL | {"_host"},
    # What all backends are: the abstract one, and what it can say that it can do.
    "_backends interface": _GENERAL | {"_host", "_rules"},
    "_backends.confirm": _GENERAL | {"_host", "_rules", "_backends interface"},
    "_backends.firewalld": _GENERAL | {"_host", "_rules", "_backends interface", "_backends.confirm"},
    "_backends.appliance": _GENERAL | {"_host", "_rules", "_backends interface", "_backends.confirm"},
    # What chooses one of the backends and drives it.
    "_backends run": _GENERAL | {"_host", "_rules", "_backends interface", "_backends.confirm", "_backends.firewalld",
                                 "_backends.appliance", "_observe.sockets", "_observe.traffic"},
    # One question to one peer; a conversation; calls of remote procedures.
    "_observe.wire": _GENERAL | {"_host"},
    "_observe.client": _GENERAL | {"_observe.wire"},
    "_observe.rpc": _GENERAL | {"_observe.client"},
    "_observe.sockets": _GENERAL | {"_host"},
    "_observe.probe": _GENERAL | {"_host", "_observe.wire"},
    "_observe.packets": _GENERAL | {"_host", "_observe.sockets"},
    "_observe.portmap": _GENERAL | {"_observe.wire", "_observe.client", "_observe.rpc"},
    "_observe.outward": _GENERAL | {"_observe.wire", "_observe.client", "_observe.rpc"},
    # A temporary listener says what a probe understands.
    "_observe.preflight": _GENERAL | {"_host", "_observe.probe", "_observe.sockets"},
    "_observe.facts": _GENERAL | {"_host"},
    # What rules would refuse that are not enforced is recorded by these rules.
    "_observe.traffic": _GENERAL | {"_host", "_rules", "_observe.sockets"},
    # All that a check asks of a host, in one go.
    "_observe.whole": _GENERAL | {"_host", "_rules", "_backends run", "_observe.wire", "_observe.sockets",
                                  "_observe.probe", "_observe.packets"},
}  # fmt: skip

_WORDS = {"_vocabulary", "_errors", "_suggestions", "_file_names", "module_utils._ports", "module_utils._families",
          "module_utils._printable"}  # fmt: skip
PLUGIN_UTILS: dict[str, set[str]] = {
    "_vocabulary": set(),
    "_errors": set(),
    "_suggestions": set(),
    "_file_names": set(),
    "_yaml": set(),
    "_typed": _WORDS,
    "_catalog": _WORDS | {"_yaml"},
    "_topology": _WORDS | {"_catalog", "_yaml"},
    "_dynamic": _WORDS | {"_typed"},
    "_plan": _WORDS | {"_typed", "_catalog", "_topology", "_dynamic"},
    "_outward": _WORDS | {"_catalog", "_topology", "_plan"},
    "_flows": _WORDS | {"_typed", "_plan"},
    # What the console's REST API tells, whoever sends the requests.
    "_console": _WORDS | {"_typed", "_catalog", "_topology", "_plan", "_flows", "module_utils._errors",
                          "module_utils._rules", "module_utils._backends interface"},
    "_check": _WORDS | {"_typed", "_catalog", "_plan", "_flows"},
    # Who may use a port by the catalog, and what the inventory has to say for it.
    "_learned": _WORDS | {"_typed", "_catalog", "_topology", "_plan", "_flows"},
    # Which ports of a range are tried, and which names a run can have, both sides have to know.
    "_preflight": _WORDS | {"_typed", "_plan", "_flows", "module_utils._observe.preflight"},
    # What the network team is asked for, in its formats.
    "_change_request": _WORDS | {"_typed", "_catalog", "_topology", "_plan", "_flows"},
    # Reports write down the rules as the backends apply them.
    "_reports": _WORDS | {"_typed", "_plan", "_flows", "_check", "_learned", "_preflight", "_outward", "_dynamic",
                          "module_utils._errors",
                          "module_utils._rules", "module_utils._backends.appliance"},
    # One page for a browser.
    "_pages": _WORDS | {"_typed", "_catalog", "_plan", "_flows", "_check", "_reports"},
    "_ansible": _WORDS | {"_typed", "_catalog", "_topology", "_dynamic", "_plan", "_outward", "_flows", "_check",
                          "_learned", "_preflight", "_console"},
}  # fmt: skip

#: What is not yet as the table has it: file -> the rooms that it imports all the same. Nothing is added here.
PENDING: dict[str, set[str]] = {
    # Whether firewalld runs beside the product's own rules.
    "module_utils/_backends/appliance/backend.py": {"_backends.firewalld"},
}

#: The same for files of one room: the import that closes a circle.
PENDING_CIRCLES: dict[str, set[str]] = {}

_SEVERAL_TOPICS = ("_backends", "_observe")
_INTERFACE = ("backend", "capabilities")


def room_of(module: str) -> tuple[str, str]:
    """Tree and room of a module below plugins/."""
    tree, first, *rest = module.split(".")
    if first not in _SEVERAL_TOPICS or not rest:
        return tree, first
    if rest[0] == "__init__":
        return tree, f"{first} package"
    if first == "_backends" and not (ROOT / tree / first / rest[0]).is_dir():
        return tree, "_backends interface" if rest[0] in _INTERFACE else "_backends run"
    return tree, f"{first}.{rest[0]}"


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Every module that a file imports, wherever in it; of a package, what is taken out of it."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: import by the full name"
            folder = ROOT / node.module.removeprefix(PACKAGE).replace(".", "/")
            is_package = node.module.startswith(PACKAGE) and folder.is_dir()
            found += [f"{node.module}.{alias.name}" for alias in node.names] if is_package else [node.module]
    return tuple(found)


def files(*trees: str) -> list[Path]:
    return sorted(path for tree in trees for path in (ROOT / tree).rglob("*.py"))


def own_imports(path: Path) -> Iterator[str]:
    """Those of this collection, below plugins/."""
    for name in imports_of(path):
        if name.startswith("ansible_collections."):
            assert name.startswith(PACKAGE), f"{path} imports {name}"
            yield name.removeprefix(PACKAGE)


def other_rooms(path: Path) -> set[str]:
    """The rooms that a file of module_utils or plugin_utils imports, as the tables name them."""
    mine = room_of(str(path.relative_to(ROOT).with_suffix("")).replace("/", "."))
    found = {room_of(name) for name in own_imports(path)} - {mine}
    return {room if tree == mine[0] else f"{tree}.{room}" for tree, room in found}


@pytest.mark.parametrize(("tree", "allowed"), [("module_utils", MODULE_UTILS), ("plugin_utils", PLUGIN_UTILS)])
def test_a_room_imports_what_lies_below_it(tree: str, allowed: dict[str, set[str]]) -> None:
    wrong: dict[str, set[str]] = {}
    for path in files(tree):
        name = str(path.relative_to(ROOT))
        _tree, room = room_of(name.removesuffix(".py").replace("/", "."))
        assert room in allowed, f"{name}: {room} is a new room: say what it may import"
        strange = other_rooms(path) - allowed[room]
        if strange:
            wrong[name] = strange
    assert wrong == {name: rooms for name, rooms in PENDING.items() if name.startswith(f"{tree}/")}


@pytest.mark.parametrize("allowed", [MODULE_UTILS, PLUGIN_UTILS])
def test_the_rooms_have_an_order(allowed: dict[str, set[str]]) -> None:
    own = {
        room: {other for other in others if not other.startswith("module_utils.")} for room, others in allowed.items()
    }
    assert set().union(*own.values()) <= set(own)
    # Raises CycleError.
    assert list(graphlib.TopologicalSorter(own).static_order())
    named = {other.removeprefix("module_utils.") for others in allowed.values() for other in others - set(allowed)}
    assert named <= set(MODULE_UTILS)


@pytest.mark.parametrize("tree", ["module_utils", "plugin_utils"])
def test_no_two_files_import_each_other(tree: str) -> None:
    graph = {
        str(path.relative_to(ROOT).with_suffix("")).replace("/", "."): {
            name for name in own_imports(path) if (ROOT / f"{name.replace('.', '/')}.py").exists()
        }
        for path in files(tree)
    }
    for name, others in PENDING_CIRCLES.items():
        if name in graph:
            assert others <= graph[name], "take it out of PENDING_CIRCLES"
            graph[name] -= others
    assert list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(
    ("tree", "below"),
    [
        ("modules", {"module_utils"}),
        ("module_utils", {"module_utils"}),
        ("plugin_utils", {"plugin_utils", "module_utils"}),
        ("action", {"plugin_utils", "module_utils"}),
        ("lookup", {"plugin_utils", "module_utils"}),
        ("inventory", {"plugin_utils", "module_utils"}),
        ("doc_fragments", set()),
    ],
)
def test_a_tree_imports_what_lies_below_it(tree: str, below: set[str]) -> None:
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files(tree)
        for name in own_imports(path)
        if name.partition(".")[0] not in below
    }
    assert wrong == set()


def third_party(path: Path) -> set[str]:
    names = {name.partition(".")[0] for name in imports_of(path)} - {"ansible_collections"}
    return names - sys.stdlib_module_names


def test_one_folder_knows_ansible() -> None:
    users = {str(path.relative_to(ROOT).parent) for path in files("plugin_utils") if "ansible" in third_party(path)}
    assert users == {"plugin_utils/_ansible"}


def test_managed_hosts_need_the_standard_library_only() -> None:
    assert {name: wanted for name in files("module_utils") if (wanted := third_party(name))} == {}
    assert set().union(*(third_party(path) for path in files("modules"))) <= {"ansible"}


def test_libraries_are_asked_for_in_one_place_each() -> None:
    """A controller without one of them gets Ansible's own message for it."""
    users: dict[str, set[str]] = {}
    for path in files("plugin_utils"):
        for name in third_party(path) - {"ansible"}:
            users.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    assert users == {
        "aerleon": {"plugin_utils/_change_request/formats/aerleon_terms.py"},
        # Ansible itself needs it, so it is there.
        "jinja2": {"plugin_utils/_pages/render.py"},
        "netaddr": {"plugin_utils/_plan/addresses.py"},
        "xlsxwriter": {"plugin_utils/_change_request/formats/xlsx_file.py"},
        "yaml": {"plugin_utils/_yaml.py"},
    }
