# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The next release can be made: tried on a copy, by ``make release``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile

from pathlib import Path

import pytest
import yaml

from ansible_collections.jsa.ports.tests.tree import copy_project

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(name="copy")
def fixture_copy(tmp_path: Path) -> Path:
    copy = tmp_path / "checkout"
    copy_project(ROOT, copy)
    # The environment that make would make is here already.
    (copy / ".venv").symlink_to(Path(sys.executable).parents[1])
    return copy


def release(copy: Path) -> tuple[str, str]:
    """The version, and what the changelog says of all releases, without Markdown's escapes."""
    # It asks ansible-doc which plugins are new; nothing but the copy is to be found.
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MAKE", "PYTHONPATH"))}
    done = subprocess.run(
        ["make", "release"],
        cwd=copy,
        env={**own, "HOME": str(copy.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return yaml.safe_load((copy / "galaxy.yml").read_text())["version"], read(copy)


def read(copy: Path) -> str:
    return (copy / "CHANGELOG.md").read_text().replace("\\", "")


def prepare(copy: Path) -> None:
    """The next version, where the present one is out already."""
    released = yaml.safe_load((copy / "changelogs" / "changelog.yaml").read_text())["releases"]
    galaxy = copy / "galaxy.yml"
    version = yaml.safe_load(galaxy.read_text())["version"]
    if version in released:
        galaxy.write_text(re.sub(r"^version: .*$", f"version: {version}9", galaxy.read_text(), flags=re.MULTILINE))


def test_a_release_and_the_one_after(copy: Path) -> None:
    prepare(copy)
    own = copy / "changelogs" / "fragments" / "own.yml"
    own.write_text("bugfixes: [check - does not say fnord any more.]\n")
    version, first = release(copy)
    assert f"## v{version}\n" in first
    assert "check - does not say fnord any more." in first
    # Each plugin, role and playbook says with which version it came, and is announced with it.
    for kind, name in (
        *(("modules", path.stem) for path in (ROOT / "plugins" / "modules").glob("*.py")),
        *(("lookup", path.stem) for path in (ROOT / "plugins" / "lookup").glob("*.py")),
        *(("roles", path.name) for path in (ROOT / "roles").iterdir()),
        *(("playbooks", path.stem) for path in (ROOT / "playbooks").glob("*.yml")),
    ):
        assert f"* jsa.ports.{name} - " in first, f"{kind}: {name}"
    assert not list((copy / "changelogs" / "fragments").glob("*.yml"))
    program = copy / ".venv" / "bin" / "antsibull-changelog"
    lint = subprocess.run([str(program), "lint-changelog-yaml", "changelogs/changelog.yaml"], cwd=copy, check=False)
    assert lint.returncode == 0
    (tarball,) = (copy / "dist").iterdir()
    assert tarball.name == f"jsa-ports-{version}.tar.gz"
    with tarfile.open(tarball) as archive:
        packed = archive.extractfile("CHANGELOG.md")
        assert packed is not None and packed.read().decode().replace("\\", "") == first

    # A second release stands above the first, announces nothing twice, and changes nothing of it.
    galaxy = copy / "galaxy.yml"
    galaxy.write_text(re.sub(r"^version: .*$", "version: 99.0.0", galaxy.read_text(), flags=re.MULTILINE))
    own.write_text("bugfixes: [check - says gnorf.]\n")
    _version, second = release(copy)
    head = second.partition("## v99.0.0\n")[2].partition("\n## v")[0]
    assert "gnorf" in head and "fnord" not in head and "New Modules" not in head
    assert without_anchors(second).endswith(without_anchors(first.partition("\n## v")[2]))


def without_anchors(text: str) -> str:
    """They are numbered anew where a heading stands twice."""
    return re.sub(r'<a id="[^"]*"></a>', "", text)
