# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module's files are compiled once, and are otherwise imported as without the finder."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils import _zip_imports

PACKAGE = "ansible_collections.jsa.ports.plugins.module_utils"
FOLDER = PACKAGE.replace(".", "/")

#: Imports a zip's modules as Python of a host does, and says what it met. The first file of each folder is left out of
#: the count: only its import tells Python what the folder lies in.
PROGRAM = """
import builtins, collections, json, sys, zipimport
compiled = collections.Counter()
original = compile
def counting(source, name, *more, **others):
    compiled[name.rpartition("module_utils/")[2]] += 1
    return original(source, name, *more, **others)
builtins.compile = counting
sys.path.insert(0, sys.argv[1])
import importlib
package = "ansible_collections.jsa.ports.plugins.module_utils"
found = {}
for name in sys.argv[2:]:
    try:
        module = importlib.import_module(package + "." + name)
        found[name] = {"file": module.__file__, "path": list(getattr(module, "__path__", [])),
                       "package": module.__package__, "value": getattr(module, "VALUE", None)}
    except Exception as error:
        found[name] = {"error": type(error).__name__, "text": str(error)}
import traceback
try:
    importlib.import_module(package + "._room.broken").fail()
except ZeroDivisionError:
    line = traceback.extract_tb(sys.exc_info()[2])[-1].line
print(json.dumps({"found": found, "compiled": compiled, "line": line}))
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A module's zip: two folders, one in the other, of which the outer one installs the finder."""
    path = tmp_path / "module.zip"
    parts = PACKAGE.split(".")
    with zipfile.ZipFile(path, "w") as file:
        for depth in range(1, len(parts) + 1):
            file.writestr("/".join(parts[:depth]) + "/__init__.py", "")
        file.writestr(f"{FOLDER}/_zip_imports.py", Path(_zip_imports.__file__).read_text())
        file.writestr(f"{FOLDER}/_room/__init__.py", f"from {PACKAGE}._zip_imports import install\n\ninstall()\n")
        file.writestr(f"{FOLDER}/_room/first.py", "VALUE = 1\n")
        file.writestr(f"{FOLDER}/_room/second.py", "VALUE = 2\n")
        file.writestr(f"{FOLDER}/_room/wrong.py", "VALUE = = 3\n")
        file.writestr(f"{FOLDER}/_room/broken.py", "def fail():\n    return 1 / 0\n")
        file.writestr(f"{FOLDER}/_room/inner/__init__.py", "VALUE = 4\n")
        file.writestr(f"{FOLDER}/_room/inner/third.py", "VALUE = 5\n")
        file.writestr(f"{FOLDER}/_room/inner/fourth.py", "VALUE = 6\n")
    return path


def imported(archive: Path, *names: str) -> dict[str, Any]:
    argv = [sys.executable, "-I", "-c", PROGRAM, str(archive), *names]
    told: dict[str, Any] = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    return told


def test_files_are_compiled_once_and_know_where_they_are(archive: Path) -> None:
    told = imported(archive, "_room.first", "_room.second", "_room.inner.third", "_room.inner.fourth", "_room.inner")
    room = f"{archive}/{FOLDER}/_room"
    assert told["found"]["_room.second"] == {
        "file": f"{room}/second.py", "path": [], "package": f"{PACKAGE}._room", "value": 2
    }  # fmt: skip
    assert told["found"]["_room.inner"] == {
        "file": f"{room}/inner/__init__.py",
        "path": [f"{room}/inner"],
        "package": f"{PACKAGE}._room.inner",
        "value": 4,
    }
    assert [told["found"][name]["value"] for name in told["found"]] == [1, 2, 5, 6, 4]
    compiled = told["compiled"]
    # So it is needed: the first file of a folder is left to Python.
    assert compiled["_room/first.py"] == 2
    assert compiled["_room/second.py"] == compiled["_room/inner/fourth.py"] == compiled["_room/inner/__init__.py"] == 1


def test_errors_are_those_of_python(archive: Path) -> None:
    told = imported(archive, "_room.first", "_room.missing", "_room.wrong", "_room.first.deeper")
    assert told["found"]["_room.missing"]["error"] == "ModuleNotFoundError"
    assert told["found"]["_room.wrong"]["error"] == "SyntaxError"
    assert told["found"]["_room.first.deeper"]["error"] == "ModuleNotFoundError"
    # A traceback shows the line of the file in the zip.
    assert told["line"] == "return 1 / 0"


def test_outside_of_a_zip_nothing_is_installed() -> None:
    _zip_imports.install()
    assert _zip_imports.ZipFinder not in sys.meta_path


@pytest.mark.parametrize("name", ["json", f"{PACKAGE}x.anything", "ansible.module_utils.basic"])
def test_others_are_left_to_python(name: str, archive: Path) -> None:
    assert _zip_imports.ZipFinder.find_spec(name, [f"{archive}/{FOLDER}"]) is None
