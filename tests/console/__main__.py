# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the stand-in on the loopback, around one command.

``python -m ansible_collections.jsa.ports.tests.console FOLDER COMMAND...`` writes a source of the inventory plugin and
the certificates to FOLDER, and runs COMMAND with the token in JSA_TOKEN.
"""

from __future__ import annotations

import os
import subprocess
import sys

from pathlib import Path

from ansible_collections.jsa.ports.tests.console.certificate import make_certificate
from ansible_collections.jsa.ports.tests.console.deployment import example
from ansible_collections.jsa.ports.tests.console.server import StandIn


def source_of(standin: StandIn, *lines: str) -> str:
    """The text of a source file of the inventory plugin."""
    first = ["plugin: jsa.ports.console", f"url: {standin.url}", f"ca_path: {standin.ca_path}"]
    return "\n".join([*first, *lines]) + "\n"


def main(folder: str, *command: str) -> int:
    path = Path(folder).resolve()
    path.mkdir(parents=True, exist_ok=True)
    make_certificate(path)
    with StandIn(example(), path) as standin:
        (path / "console.jsa.yml").write_text(source_of(standin, "learn_networks: true"))
        return subprocess.run(command, env={**os.environ, "JSA_TOKEN": standin.token}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
