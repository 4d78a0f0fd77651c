# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages name what their reader can set."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.option_names import in_option_words, option_words


class Task:
    def __init__(self, role: str | None = None) -> None:
        self._role: Any = role and type("Role", (), {"get_name": lambda self: role})()


def of_role(text: str) -> str:
    return "jsa_port_check" if "jsa_port_check" in text else "jsa_firewall"


@pytest.mark.parametrize("role", ["jsa_firewall", "jsa.ports.jsa_firewall", "jsa.ports.jsa_port_check"])
def test_in_a_role_they_are_its_variables(role: str) -> None:
    text = "set jsa_firewall_offline: true"
    assert option_words(text, Task(role), of_role(text)) == text


@pytest.mark.parametrize(
    ("text", "worded"),
    [
        ("set jsa_firewall_offline: true", "set offline: true"),
        ("jsa_port_check_rate is -1", "rate is -1"),
        ("jsa_firewall_backend: firewalld", "backend: firewalld"),
        # The plan reads them from the inventory.
        ("name it in jsa_firewall_management_addresses", "name it in jsa_firewall_management_addresses"),
        ("jsa_firewall_serial, jsa_networks", "jsa_firewall_serial, jsa_networks"),
        # Another role's are no options of this module.
        ("jsa_firewall_steps, jsa_preflight_open", "steps, jsa_preflight_open"),
    ],
)
@pytest.mark.parametrize("role", [None, "site.own.jsa"])
def test_elsewhere_they_are_a_modules_options(role: str | None, text: str, worded: str) -> None:
    assert option_words(text, Task(role), of_role(text)) == worded


def test_a_result() -> None:
    result = {"msg": "set jsa_firewall_offline", "warnings": ["jsa_firewall_steps"], "changed": False, "reason": None}
    assert in_option_words(result, Task(), "jsa_firewall") == {
        "msg": "set offline",
        "warnings": ["steps"],
        "changed": False,
        "reason": None,
    }
