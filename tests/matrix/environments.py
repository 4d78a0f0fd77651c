# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Pythons of this machine, and environments with releases of ansible-core on them, each made once a checkout."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess

from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests.sanity import find_pythons

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "matrix"


@dataclass(frozen=True)
class Controller:
    #: Of ansible-core, such as 2.16.
    core: str
    python: str

    def __str__(self) -> str:
        return f"core{self.core}_py{self.python}"


def interpreter(version: str) -> Path:
    """The real program, for a shim means nothing to a lab's host. Without one, the test is skipped, or fails in CI."""
    found = find_pythons([version], os.environ).get(version)
    if found is None:
        pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        words = f"PYTHON {version} IS MISSING on this machine, so nothing is known about it"
        if os.environ.get("CI") == "true" and pyenv.is_dir():
            pytest.fail(f"{words}: pyenv install {version}")
        pytest.skip(words)
    told = subprocess.run(
        [found, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=True
    )
    return Path(told.stdout.strip())


def environment(controller: Controller) -> Path:
    """A virtual environment with the controller's ansible-core and what our plugins need."""
    python = interpreter(controller.python)
    folder = CACHE / str(controller)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{controller}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([python, "-m", "venv", folder], check=True)
            pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
            core = f"ansible-core=={controller.core}.*"
            done = subprocess.run(
                [*pip, "-r", ROOT / "requirements.txt", core], capture_output=True, text=True, check=False
            )
            if done.returncode:
                pytest.fail(f"{core} does not install on Python {controller.python}:\n{done.stdout}{done.stderr}")
            (folder / "complete").touch()
    return folder
