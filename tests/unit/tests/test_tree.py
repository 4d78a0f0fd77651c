# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests.tree import copy_project, project_files


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def files(folder: Path) -> set[str]:
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
    return {name for name in found if not name.startswith(".git/")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with a tracked, a new, an ignored and a deleted file."""
    root = tmp_path / "checkout"
    write(root, "plugins/tracked.py", "plugins/deleted.py", ".gitignore", ".venv/bin/python", ".cache/tree/x")
    (root / ".gitignore").write_text("/.venv/\n/.cache/\n")
    git(root, "init", "--quiet")
    git(root, "add", "plugins", ".gitignore")
    (root / "plugins/deleted.py").unlink()
    write(root, "plugins/new file.py")
    return root


EXPECTED = {".gitignore", "plugins/tracked.py", "plugins/new file.py"}


def test_the_files_of_a_checkout(root: Path) -> None:
    assert project_files(root) == sorted(EXPECTED)


def test_the_files_of_somebody_elses_checkout(root: Path) -> None:
    if os.geteuid() == 0:
        os.chown(root, 65534, 65534)
        os.chown(root / ".git", 65534, 65534)
    assert project_files(root) == sorted(EXPECTED)


def test_the_files_without_git(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "roles/x/tasks/main.yml", ".venv/bin/python", ".cache/y", "plugins/__pycache__/a.pyc")
    assert project_files(tmp_path) == ["a.py", "roles/x/tasks/main.yml"]


def test_a_copy_holds_the_files_and_nothing_else(root: Path, tmp_path: Path) -> None:
    copy_project(root, tmp_path / "copy")
    assert files(tmp_path / "copy") == EXPECTED


def test_git_sees_the_files_of_the_copy(root: Path) -> None:
    # In the very place where the project's own git would ignore them.
    copy = root / ".cache" / "tree"
    copy_project(root, copy)
    assert set(project_files(copy)) == EXPECTED


def test_a_copy_follows_the_checkout(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    write(root, "gone/with/folder.py", "tests/gone.py")
    (root / "gone-link").symlink_to("plugins")
    copy_project(root, copy)
    assert {"gone/with/folder.py", "gone-link"} <= files(copy)

    (root / "gone/with/folder.py").unlink()
    (root / "tests/gone.py").unlink()
    (root / "gone-link").unlink()
    (root / "plugins/tracked.py").write_text("changed")
    (root / "plugins/new file.py").chmod(0o755)
    write(copy, "stray.py", "tests/output/junit/kept.xml")
    copy_project(root, copy)
    assert files(copy) == EXPECTED | {"tests/output/junit/kept.xml"}
    assert not (copy / "gone").exists()
    assert (copy / "plugins/tracked.py").read_text() == "changed"
    assert os.access(copy / "plugins/new file.py", os.X_OK)


def test_a_link_stays_a_link(root: Path, tmp_path: Path) -> None:
    (root / "link.py").symlink_to("plugins/tracked.py")
    copy_project(root, tmp_path / "copy")
    copy_project(root, tmp_path / "copy")
    assert os.readlink(tmp_path / "copy" / "link.py") == "plugins/tracked.py"


def test_what_is_unchanged_is_not_written_again(root: Path, tmp_path: Path) -> None:
    copy_project(root, tmp_path / "copy")
    before = (tmp_path / "copy/plugins/tracked.py").stat()
    copy_project(root, tmp_path / "copy")
    assert (tmp_path / "copy/plugins/tracked.py").stat().st_ino == before.st_ino
    assert (tmp_path / "copy/plugins/tracked.py").stat().st_ctime_ns == before.st_ctime_ns
