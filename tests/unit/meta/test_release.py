# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The next release can be made: tried on a copy, as antsibull-changelog makes it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from pathlib import Path

from ansible_collections.jsa.ports.tests.tree import copy_project

ROOT = Path(__file__).resolve().parents[3]


def test_release_1_0_0(tmp_path: Path) -> None:
    copy = tmp_path / "ansible_collections" / "jsa" / "ports"
    copy_project(ROOT, copy)
    galaxy = copy / "galaxy.yml"
    galaxy.write_text(re.sub(r"^version: .*$", "version: 1.0.0", galaxy.read_text(), flags=re.MULTILINE))
    programs = Path(sys.executable).parent
    # It asks ansible-doc which plugins are new.
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    program = programs / "antsibull-changelog"
    command = [str(program), "release", "--version", "1.0.0", "--date", "2026-01-01"]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    written = (copy / "CHANGELOG.md").read_text().replace("\\", "")
    assert "v1.0.0" in written
    assert "The first release" in written
    for plugin in (path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")):
        # A module that says it came with this release is announced with it.
        assert f"jsa.ports.{plugin} - " in written, plugin
    assert not list((copy / "changelogs" / "fragments").glob("*.yml"))
    lint = subprocess.run([str(program), "lint-changelog-yaml", "changelogs/changelog.yaml"], cwd=copy, check=False)
    assert lint.returncode == 0
