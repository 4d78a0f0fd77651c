# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-test of the newest ansible-core, which asks more than that of the environment that all else runs in."""

from __future__ import annotations

import os
import subprocess

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests.matrix.environments import ROOT, Controller, environment

NEWEST = Controller("2.21", "3.13")


@pytest.mark.parametrize("kind", ["sanity", "units"])
def test_ansible_test(kind: str, tmp_path: Path) -> None:
    programs = environment(NEWEST) / "bin"
    own = {**os.environ, "PYTHONPATH": str(ROOT / ".dev"), "PATH": f"{programs}:{os.environ['PATH']}"}
    command = [str(programs / "python"), "-m", f"ansible_collections.jsa.ports.tests.{kind}", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.glob("*.xml")), "it has tested something"
