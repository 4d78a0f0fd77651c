# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as a shell: _observe/preflight has what it does."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.modules import preflight
from ansible_collections.jsa.ports.tests.unit.plugins.modules.standin import run_main


@pytest.mark.parametrize(("user", "words"), [(0, "need space in /run"), (1000, "needs root: set become: true")])
def test_where_the_folder_cannot_be_made(monkeypatch: pytest.MonkeyPatch, user: int, words: str) -> None:
    def fail(*_arguments: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr(preflight, "run", fail)
    assert words in run_main(monkeypatch, preflight, {"state": "absent"})[0]["msg"]
