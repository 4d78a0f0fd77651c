# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way back to the committed rules, and what is told of a change, on a folder and a kernel of our own.

tests/integration_lab/test_appliance.py does the same with real iptables; here stand the cases that are hard to meet.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance import explain
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.files import Files
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4

COMMITTED = '-A INPUT -p tcp --dport 22 -m comment --comment "jsa.ports: ssh" -j ACCEPT\n'
CANDIDATE = '-A INPUT -p tcp --dport 23 -m comment --comment "jsa.ports: ssh" -j ACCEPT\n'
PRODUCT = "-A INPUT -p tcp --dport 443 -j ACCEPT\n"


def generated(rules: str) -> str:
    return f"*filter\n:INPUT ACCEPT [0:0]\n{rules}COMMIT\n"


class StandInProduct:
    """The product's program, which may fail or do nothing, and a kernel that takes every change."""

    update_program = "iptables_update.pl"

    def __init__(self, folder: Path, live: str, manner: str) -> None:
        self.folder, self.live, self.manner = folder, live, manner
        self.updates = 0
        self.changes: list[list[str]] = []

    def rules(self, family: str) -> str:
        return generated(self.live)

    def quiet(self) -> None:
        pass

    def update(self) -> None:
        self.updates += 1
        if self.manner == "fails":
            raise FirewallError("no licence")
        if self.manner == "works":
            lines = (self.folder / "iptables.pre").read_text().splitlines(keepends=True)
            self.live = "".join(line for line in lines if not line.startswith("#")) + PRODUCT
            (self.folder / "iptables").write_text(generated(self.live))

    def change_rules(self, family: str, commands: list[str]) -> None:
        self.changes.append(commands)
        kept = [line for line in self.live.splitlines(keepends=True) if "jsa.ports" not in line]
        for command in commands:
            if command.startswith("-I INPUT "):
                number, _space, rest = command.removeprefix("-I INPUT ").partition(" ")
                kept.insert(int(number) - 1, f"-A INPUT {rest}\n")
        self.live = "".join(kept)


def host(folder: Path, live: str, manner: str) -> tuple[verbs.Host, StandInProduct]:
    (folder / "iptables.pre").write_text("")
    (folder / "iptables.post").write_text("")
    product = StandInProduct(folder, live, manner)
    found = verbs.Host(product, Files(str(folder), {IPV4: str(folder / "iptables")}))  # type: ignore[arg-type]
    return found, product


@pytest.mark.parametrize(
    ("manner", "note"),
    [("works", ""), ("fails", ", in the kernel only, without the product's program")],
)
def test_back_to_what_was_committed(tmp_path: Path, manner: str, note: str) -> None:
    appliance, product = host(tmp_path, CANDIDATE + PRODUCT, manner)
    before = generated(COMMITTED + PRODUCT)
    (tmp_path / "iptables").write_text(generated(CANDIDATE + PRODUCT))
    path = str(tmp_path / "iptables")
    assert verbs.go_back(appliance, {"iptables.pre": COMMITTED}, {path: before}) == note
    assert product.updates == 1
    # A start of the machine loads the committed rules, whoever has restored them, and so does the kernel have them.
    assert "--dport 22" in (tmp_path / "iptables").read_text()
    assert "--dport 23" not in (tmp_path / "iptables").read_text()
    assert product.live == COMMITTED + PRODUCT
    assert "--dport 22" in (tmp_path / "iptables.pre").read_text()


def test_what_is_right_already_is_left_alone(tmp_path: Path) -> None:
    appliance, product = host(tmp_path, COMMITTED + PRODUCT, "fails")
    text = "# generated a minute later\n" + generated(COMMITTED + PRODUCT)
    (tmp_path / "iptables").write_text(text)
    earlier = {str(tmp_path / "iptables"): generated(COMMITTED + PRODUCT)}
    assert verbs.go_back(appliance, {"iptables.pre": COMMITTED}, earlier) == ""
    assert (product.updates, product.changes) == (0, [])
    assert (tmp_path / "iptables").read_text() == text


def test_what_cannot_be_proven_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    appliance, product = host(tmp_path, CANDIDATE + PRODUCT, "fails")
    monkeypatch.setattr(product, "change_rules", lambda family, commands: None)
    with pytest.raises(FirewallError, match=r"no licence; IPv4: .*dport 22.*: is missing"):
        verbs.go_back(appliance, {"iptables.pre": COMMITTED}, {})


def test_the_diff_of_files_and_of_what_runs(tmp_path: Path) -> None:
    appliance, _product = host(tmp_path, PRODUCT, "works")
    situation = verbs.read(appliance)
    told = explain.before_and_after(appliance, situation, {"iptables.pre": COMMITTED})
    assert [(entry["before_header"], entry["before"], entry["after"]) for entry in told] == [
        ("appliance, block in iptables.pre", "", COMMITTED)
    ]
    # The files are right, and somebody has taken the rule out of the kernel.
    appliance.files.write_bodies(appliance.names, {"iptables.pre": COMMITTED})
    told = explain.before_and_after(appliance, verbs.read(appliance), {"iptables.pre": COMMITTED})
    assert [(entry["before_header"], entry["before"], entry["after"]) for entry in told] == [
        ("appliance, running rules, IPv4", "", COMMITTED)
    ]
    assert explain.before_and_after(appliance, situation, {}) == []


def test_a_host_without_ipv6_needs_none(tmp_path: Path) -> None:
    appliance, _product = host(tmp_path, PRODUCT, "works")
    assert explain.without_ipv6(appliance, str(tmp_path / "missing")) == ("not in use", "")
