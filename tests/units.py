# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ansible-test units`` without containers: the tests of the plugins, as a server for collections would run them.

tests/matrix runs it on another ansible-core than that of ``make unit``. The rest of tests/unit is about the checkout
(documentation, the tests' own tools) and runs by ``make unit`` alone.
"""

from __future__ import annotations

import argparse
import sys

from pathlib import Path

from ansible_collections.jsa.ports.tests.sanity import CACHE, COPY, ROOT, prepare_home, run_ansible_test
from ansible_collections.jsa.ports.tests.tree import copy_project

FOLDER = "tests/unit/plugins/"


def main() -> int:
    parser = argparse.ArgumentParser(description="ansible-test units without containers")
    parser.add_argument("results", type=Path, help="folder for the JUnit reports")
    arguments = parser.parse_args()

    copy_project(ROOT, COPY)
    home = CACHE / "home"
    prepare_home(home)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = [
        "units",
        "--color",
        "no",
        "--requirements",
        "--venv",
        "--python",
        version,
        "--num-workers",
        "2",
        FOLDER,
    ]
    return run_ansible_test(command, home, [Path(sys.executable).parent], arguments.results)


if __name__ == "__main__":
    sys.exit(main())
