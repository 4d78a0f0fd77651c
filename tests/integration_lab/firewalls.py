# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with a firewall of ours, and the module on it: what all tests of the backends do with it."""

from __future__ import annotations

import json

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab import Lab


def killing(step: int | str) -> tuple[str, ...]:
    """The prefix for a program that is to be killed at a step, or disturbed at one, see killing.py."""
    return str(Path(__file__).with_name("killing.py")), str(step)


#: What of a module's arguments is in the rules.
_RULES = {"inbound", "refused", "internal", "outbound", "unlisted", "management_addresses"}


def with_rules(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of jsa.ports.firewall, out of those and the parts of its rules side by side."""
    parts = {name: value for name, value in arguments.items() if name in _RULES}
    rest = {name: value for name, value in arguments.items() if name not in _RULES}
    return {**rest, "rules": {"inbound": [], "refused": [], **parts}} if parts else rest


class FirewalledHost:
    MODULE = "firewall"
    STATE = "/var/lib/jsa_ports/firewalld"

    def __init__(self, lab: Lab, name: str = "target") -> None:
        self.lab = lab
        self.name = name

    def module(
        self, failed: bool = False, check: bool = False, prefix: tuple[str, ...] = (), **arguments: Any
    ) -> dict[str, Any]:
        """The module as Ansible starts it on a host. Empty when it was killed."""
        request = {"require_controller": False, "_ansible_check_mode": check, **with_rules(arguments)}
        result = self.lab.module(self.name, self.MODULE, request, prefix=prefix)
        if prefix and not result:
            return {}
        assert bool(result.get("failed")) == failed, result
        return result

    def over_ssh(self, *options: str, failed: bool = False, **arguments: Any) -> dict[str, Any]:
        """The task as users have it."""
        module = f"jsa.ports.{self.MODULE}"
        told = self.lab.ansible(["ansible", self.name, "-m", module, "-a", json.dumps(with_rules(arguments)), *options])
        assert (told.returncode != 0) == failed, told.stdout + told.stderr
        result: dict[str, Any] = json.JSONDecoder().raw_decode(told.stdout.partition(" => ")[2])[0]
        # Ansible shows warnings beside the result.
        result["told"] = " ".join(f"{told.stdout} {told.stderr}".split())
        return result

    def program(self, *words: str, prefix: tuple[str, ...] = ("-I", "-S")) -> dict[str, Any]:
        """What the controller asks the host, from the host itself. Empty when it was killed."""
        told = self.lab.run(self.name, ["/usr/bin/python3", *prefix, f"{self.STATE}/timer.pyz", *words])
        answer: dict[str, Any] = json.loads(told.stdout) if told.stdout else {}
        return answer

    def confirm(self, stage: Callable[[], dict[str, Any]], step: int) -> dict[str, Any]:
        """The answer to a confirmation that is killed at a step; empty when it was.

        On a machine that is too busy the timer comes first: then all of it once more.
        """
        while True:
            answer = self.program("confirm", stage()["pending"]["id"], prefix=killing(step))
            if answer.get("ok", True):
                return answer
            assert "in time" in answer["msg"] or "too late" in answer["msg"], answer

    def run(self, command: str) -> str:
        return self.lab.run(self.name, ["sh", "-c", command], check=True).stdout

    def files(self) -> dict[str, bytes]:
        """All that the firewall's permanent configuration consists of."""
        return self.lab.snapshot(self.name, "/etc/firewalld")

    def rules(self) -> str:
        """What the kernel holds."""
        return self.run("nft -s list ruleset")

    def both(self) -> tuple[dict[str, bytes], str]:
        return self.files(), self.rules()

    def state(self, name: str) -> Any:
        """What commit confirmed keeps under a name."""
        path = self.lab.host(self.name).path(f"{self.STATE}/{name}.json")
        return json.loads(path.read_text()) if path.exists() else None

    def timers(self) -> list[str]:
        """The processes that wait for a confirmation."""
        return self.lab.run(self.name, ["pgrep", "-f", "timer.pyz wait"]).stdout.split()
