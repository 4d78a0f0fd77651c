# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that take another one's place."""

from __future__ import annotations

import errno
import os

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._host.atomic_write import stage


def test_a_file_system_without_extended_attributes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(path: str) -> list[str]:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported", path)

    path = tmp_path / "policy.xml"
    path.write_text("old")
    path.chmod(0o640)
    monkeypatch.setattr(os, "listxattr", unsupported)
    staged = Path(stage(str(path), "new", ".tmp"))
    assert staged.read_text() == "new"
    assert staged.stat().st_mode & 0o777 == 0o640
