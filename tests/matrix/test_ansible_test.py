# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-test of another ansible-core than that of the environment that all else runs in: the newest asks most.

The unit tests run here as a server for collections would run them; pytest itself runs them on the environment's own
core.
"""

from __future__ import annotations

import os
import subprocess

from pathlib import Path

import pytest

from ansible.release import __version__

from ansible_collections.jsa.ports.tests.matrix.environments import ROOT, Controller, environment

CORES = (Controller("2.21", "3.13"), Controller("2.19", "3.11"))
OTHER = next(controller for controller in CORES if not __version__.startswith(f"{controller.core}."))


@pytest.mark.parametrize("kind", ["sanity", "units"])
def test_ansible_test(kind: str, tmp_path: Path) -> None:
    programs = environment(OTHER) / "bin"
    own = {**os.environ, "PYTHONPATH": str(ROOT / ".dev"), "PATH": f"{programs}:{os.environ['PATH']}"}
    command = [str(programs / "python"), "-m", f"ansible_collections.jsa.ports.tests.{kind}", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.glob("*.xml")), "it has tested something"
