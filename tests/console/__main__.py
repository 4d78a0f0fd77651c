# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the stand-in on the loopback, around one command.

``python -m ansible_collections.jsa.ports.tests.console FOLDER COMMAND...`` writes a source of the inventory plugin and
the certificates to FOLDER, and runs COMMAND with the token in JSA_TOKEN and the address in STANDIN_URL. If FOLDER has a
deployment.json, its keys are those of Deployment, and ``reach``, a list of [id, address, port, result].
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from pathlib import Path

from ansible_collections.jsa.ports.tests.console.certificate import make_certificate
from ansible_collections.jsa.ports.tests.console.deployment import Deployment, example
from ansible_collections.jsa.ports.tests.console.server import StandIn


def source_of(standin: StandIn, *lines: str) -> str:
    """The text of a source file of the inventory plugin."""
    first = ["plugin: jsa.ports.console", f"url: {standin.url}", f"ca_path: {standin.ca_path}"]
    return "\n".join([*first, *lines]) + "\n"


def main(folder: str, *command: str) -> int:
    path = Path(folder).resolve()
    path.mkdir(parents=True, exist_ok=True)
    make_certificate(path)
    given = path / "deployment.json"
    document = json.loads(given.read_text()) if given.exists() else {}
    reach = {(number, address, port): result for number, address, port, result in document.pop("reach", ())}
    with StandIn(Deployment(**document) if document else example(), path, reach=reach) as standin:
        (path / "console.jsa.yml").write_text(source_of(standin, "learn_networks: true"))
        environment = {**os.environ, "JSA_TOKEN": standin.token, "STANDIN_URL": standin.url}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
