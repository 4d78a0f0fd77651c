# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ansible-test units`` without containers: the tests of the plugins, as a server for collections would run them.

The rest of tests/unit is about the checkout (documentation, the tests' own tools) and runs by ``make unit`` alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys

from pathlib import Path

from ansible_collections.jsa.ports.tests.sanity import CACHE, COPY, ROOT, prepare_home
from ansible_collections.jsa.ports.tests.tree import copy_project

FOLDER = "tests/unit/plugins/"


def main() -> int:
    parser = argparse.ArgumentParser(description="ansible-test units without containers")
    parser.add_argument("results", type=Path, help="folder for the JUnit reports")
    arguments = parser.parse_args()

    copy_project(ROOT, COPY)
    home = CACHE / "home"
    prepare_home(home)
    output = COPY / "tests" / "output" / "junit"
    shutil.rmtree(output, ignore_errors=True)
    programs = Path(sys.executable).parent
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = [str(programs / "ansible-test"), "units", "--color", "no", "--requirements"]
    command += ["--venv", "--python", version, "--num-workers", "2", FOLDER]
    environment = dict(os.environ, HOME=str(home), PATH=os.pathsep.join([str(programs), os.environ["PATH"]]))
    environment.pop("PYTHONPATH", None)
    finished = subprocess.run(command, cwd=COPY, env=environment, check=False)
    arguments.results.mkdir(parents=True, exist_ok=True)
    for report in output.glob("*.xml"):
        shutil.copy2(report, arguments.results)
    return finished.returncode


if __name__ == "__main__":
    sys.exit(main())
