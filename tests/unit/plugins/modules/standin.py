# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module's main without Ansible around it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest


class Ended(Exception):
    """The module has answered; the argument is the answer."""


class StandIn:
    """The part of AnsibleModule that our observing modules use. They read nothing else of it."""

    check_mode = False

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.made_with: dict[str, Any] = {}
        self.params: dict[str, Any] = {}
        self.warnings: list[str] = []

    def __call__(self, **arguments: Any) -> StandIn:
        self.made_with = arguments
        self.params = {name: option.get("default") for name, option in arguments["argument_spec"].items()}
        self.params.update(self.given)
        return self

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def exit_json(self, **answer: Any) -> None:
        raise Ended(answer)

    def fail_json(self, **answer: Any) -> None:
        raise Ended({"failed": True, **answer})


def run_main(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, params: dict[str, Any]
) -> tuple[dict[str, Any], StandIn]:
    """The module's answer, and how it presented itself to Ansible."""
    stand_in = StandIn(params)
    monkeypatch.setattr(module, "AnsibleModule", stand_in)
    with pytest.raises(Ended) as ended:
        module.main()
    return ended.value.args[0], stand_in
