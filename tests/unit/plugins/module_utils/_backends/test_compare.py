# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a comparison says of a host whose firewall cannot be compared, or does not work."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Backend
from ansible_collections.jsa.ports.plugins.module_utils._backends.compare import compare
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError

RULES: Any = None


class Broken(Backend):
    """A firewall that cannot be worked with."""

    def __init__(self, alarms: list[str]) -> None:
        self.said = alarms

    def alarms(self) -> list[str]:
        return self.said

    def require(self) -> None:
        raise FirewallError("it has failed")


@pytest.mark.parametrize(("alarms", "as_planned"), [([], None), (["it filters nothing"], False)])
def test_an_alarm_is_told_although_nothing_can_be_compared(alarms: list[str], as_planned: bool | None) -> None:
    found = compare(Broken(alarms), RULES, None, None, 3, pytest.fail)
    assert (found["as_planned"], found["alarms"], found["reason"]) == (as_planned, alarms, "it has failed")
