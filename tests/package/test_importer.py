# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a server for collections would take the tarball: galaxy-importer, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: It pins versions of tools that the tests use newer ones of.
HOME = ROOT / ".cache" / "galaxy-importer"
SETTINGS = """\
[galaxy-importer]
ANSIBLE_LOCAL_TMP = {tmp}
CHECK_REQUIRED_TAGS = True
CHECK_CHANGELOG = True
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = False
RUN_ANSIBLE_TEST = False
"""


def importer() -> Path:
    """Its Python. What it would run besides, ansible-lint and ansible-test, are stages of their own here."""
    python = HOME / "bin" / "python"
    if not (HOME / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME)], check=True)
        command = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-qq", "galaxy-importer>=0.4.30"]
        subprocess.run(command, check=True)
        (HOME / "installed").touch()
    return python


def run(tarball: Path, folder: Path) -> tuple[int, str]:
    (folder / "settings.cfg").write_text(SETTINGS.format(tmp=folder / "tmp"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
    python = importer()
    environment.update(
        GALAXY_IMPORTER_CONFIG=str(folder / "settings.cfg"),
        HOME=str(folder),
        PATH=os.pathsep.join([str(python.parent), environment["PATH"]]),
    )
    command = [str(python), "-m", "galaxy_importer.main", str(tarball)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def build(source: Path, folder: Path) -> Path:
    program = Path(sys.executable).parent / "ansible-galaxy"
    command = [str(program), "collection", "build", str(source), "--output-path", str(folder)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HOME": str(folder)})
    (tarball,) = folder.glob("*.tar.gz")
    return tarball


def test_the_importer_takes_it_without_a_complaint(tmp_path: Path) -> None:
    code, told = run(build(ROOT, tmp_path), tmp_path)
    assert code == 0, told
    assert "Importer processing completed successfully" in told
    assert [line for line in told.splitlines() if line.startswith(("WARN", "ERROR"))] == []


def test_the_importer_would_complain(tmp_path: Path) -> None:
    # The tarball of a collection that has nothing but a description.
    source = tmp_path / "source"
    source.mkdir()
    settings = (ROOT / "galaxy.yml").read_text()
    (source / "galaxy.yml").write_text(settings)
    (source / "README.md").write_text("# Nothing\n")
    code, told = run(build(source, tmp_path), tmp_path)
    assert code != 0 or [line for line in told.splitlines() if line.startswith(("WARN", "ERROR"))], told
