# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments that nobody is shown do not travel with each result."""

from __future__ import annotations

from typing import Any

import pytest

from ansible.utils.display import Display

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.module_result import without_arguments

RESULT: dict[str, Any] = {"changed": False, "invocation": {"module_args": {"rules": {}}}}


@pytest.mark.parametrize(("verbosity", "kept"), [(0, False), (2, False), (3, True), (4, True)])
def test_arguments_are_kept_where_ansible_shows_them(
    monkeypatch: pytest.MonkeyPatch, verbosity: int, kept: bool
) -> None:
    monkeypatch.setattr(Display(), "verbosity", verbosity)
    assert without_arguments(RESULT) == (RESULT if kept else {"changed": False})
