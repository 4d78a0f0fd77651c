# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import configparser
import sys

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests import sanity


def test_the_pip_that_ansible_test_pins() -> None:
    assert sanity.bootstrap_names("packages = dict(\n    pip='24.2',\n)") == ["get_pip_24_2.py"]
    source = (sanity.ansible_test_folder() / "_internal" / "python_requirements.py").read_text()
    assert sanity.bootstrap_names(source)


def test_the_pythons_that_ansible_test_supports() -> None:
    source = (sanity.ansible_test_folder() / "_util" / "target" / "common" / "constants.py").read_text()
    versions = sanity.supported_pythons(source)
    assert "{}.{}".format(*sys.version_info) in versions
    assert len(versions) == len(set(versions))


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("", {"quiet": "2"}),
        ("global.index-url='https://index.example/pypi'", {"index-url": "https://index.example/pypi", "quiet": "2"}),
        # The environment outweighs the file.
        (
            "global.timeout='15'\n:env:.timeout='180'\n:env:.index-url='https://index.example/a=b'",
            {"timeout": "180", "index-url": "https://index.example/a=b", "quiet": "2"},
        ),
        # Several values, each on a line of its own, and a password with a percent sign.
        (
            "global.find-links='\\n/a\\n/b'\nglobal.proxy='http://me:p%40ss@proxy.example'",
            {"find-links": "\n/a\n/b", "proxy": "http://me:p%40ss@proxy.example", "quiet": "2"},
        ),
    ],
)
def test_pip_keeps_its_settings(listed: str, expected: dict[str, str]) -> None:
    # The way in which pip reads its own files.
    parser = configparser.RawConfigParser()
    parser.read_string(sanity.pip_settings(listed))
    assert dict(parser["global"]) == expected


def test_a_setting_of_one_command_gives_way_to_the_environment_too() -> None:
    parser = configparser.RawConfigParser()
    parser.read_string(sanity.pip_settings("install.timeout='15'\ninstall.pre='true'\n:env:.timeout='180'"))
    assert dict(parser["install"]) == {"pre": "true"}
    assert parser["global"]["timeout"] == "180"


def program(path: Path, code: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_pythons_are_tried(tmp_path: Path) -> None:
    # A shim that answers for a version which is not chosen, one Python without venv, one only pyenv has, one nowhere.
    program(tmp_path / "shims" / "python3.8", 127)
    kept = program(tmp_path / ".pyenv" / "versions" / "3.8.18" / "bin" / "python3.8", 0)
    program(tmp_path / "bin" / "python3.9", 1)
    system = program(tmp_path / "bin" / "python3.11", 0)
    program(tmp_path / ".pyenv" / "versions" / "3.11.2" / "bin" / "python3.11", 0)
    environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path}/shims:{tmp_path}/bin"}
    found = sanity.find_pythons(["3.8", "3.9", "3.11", "3.12"], environment)
    assert found == {"3.8": kept, "3.11": system}


def test_only_what_does_not_apply_is_dropped(tmp_path: Path) -> None:
    case = '<testsuites><testsuite><testcase classname="sanity" name="{}">{}</testcase></testsuite></testsuites>'
    for name, content in {
        "pslint": "<skipped>No tests applicable.</skipped>",
        "shellcheck": "<skipped>shellcheck is not installed</skipped>",
        "pep8": "",
        "pylint": '<failure message="no">No tests applicable.</failure>',
    }.items():
        (tmp_path / f"ansible-test-sanity-{name}.xml").write_text(case.format(name, content))
    assert sanity.drop_inapplicable(tmp_path) == ["pslint"]
    left = sorted(path.stem.rpartition("-")[2] for path in tmp_path.iterdir())
    assert left == ["pep8", "pylint", "shellcheck"]


def test_each_test_runs_once() -> None:
    assert sanity.chosen_tests([], None) == [[]]
    assert sanity.chosen_tests(["pep8", "import"], None) == [["--test", "pep8", "--test", "import"]]
    assert sanity.chosen_tests([], "plugins") == [["--skip-test", "pylint"], ["--test", "pylint", "plugins/"]]


def test_the_ends_of_the_pythons() -> None:
    found = {version: Path(version) for version in ("3.8", "3.9", "3.13")}
    assert list(sanity.ends_of(found)) == ["3.8", "3.13"]
    assert list(sanity.ends_of({"3.11": Path("3.11")})) == ["3.11"]
    assert not sanity.ends_of({})
