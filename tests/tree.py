# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of the project's files at a path that ends in ``ansible_collections/jsa/ports``.

ansible-test works at such a path only, and would otherwise look into environments and caches too. The copy keeps what
ansible-test wrote into its ``tests/output``, so that a second run finds its environments again.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from pathlib import Path

#: What "make" puts into a checkout, for the case that git cannot say what belongs to the project.
_MADE = frozenset({".git", ".venv", ".dev", ".cache", ".ansible", ".hypothesis", "dist", "__pycache__"})


def project_files(root: Path) -> list[str]:
    """The files of the project below *root*, sorted: tracked ones and new ones that .gitignore does not name."""
    if not (root / ".git").exists():
        return sorted(_walk(root))
    # Whoever runs the tests need not own the checkout: CI often is root in somebody else's folder.
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(name for name in set(listed.stdout.split("\0")) if name and os.path.lexists(root / name))


def _walk(root: Path) -> list[str]:
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _MADE]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in files if not name.endswith(".pyc")]
    return found


def copy_project(root: Path, target: Path) -> None:
    """Make *target* hold the project's files as they are now, and nothing else but ansible-test's output."""
    wanted = set(project_files(root))
    target.mkdir(parents=True, exist_ok=True)
    if (root / ".git").exists() and not (target / ".git").exists():
        # The copy lies in a folder that the project's git ignores. Tools that ask git would find nothing to look at.
        subprocess.run(["git", "init", "--quiet", "--template=", str(target)], check=True, capture_output=True)
    for folder, folders, files in os.walk(target, topdown=False):
        relative = os.path.relpath(folder, target)
        if any(relative == kept or relative.startswith(kept + "/") for kept in (".git", "tests/output")):
            continue
        for name in files:
            path = os.path.normpath(os.path.join(relative, name))
            if path not in wanted:
                os.unlink(target / path)
        for name in folders:
            path = os.path.join(folder, name)
            if os.path.islink(path) and os.path.normpath(os.path.join(relative, name)) not in wanted:
                os.unlink(path)
        if folder != str(target) and not os.listdir(folder):
            os.rmdir(folder)
    for name in wanted:
        source, copy = root / name, target / name
        if source.is_file() and not source.is_symlink() and _same(source, copy):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(copy):
            os.unlink(copy)
        shutil.copy2(source, copy, follow_symlinks=False)


def _same(source: Path, copy: Path) -> bool:
    if copy.is_symlink() or not copy.is_file():
        return False
    one, other = source.stat(), copy.stat()
    return (one.st_size, one.st_mtime_ns, one.st_mode) == (other.st_size, other.st_mtime_ns, other.st_mode)
