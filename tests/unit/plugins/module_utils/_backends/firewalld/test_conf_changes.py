# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of firewalld.conf that a reload makes active."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import CommandError
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.conf_changes import conf_changes


class Client:
    """A firewalld with nftables whose default zone is public, and that logs nothing."""

    def __init__(self, tables: str | None = "table ip nat\ntable inet firewalld\n") -> None:
        self.tables = tables

    def call(self, interface: str, member: str) -> tuple[str]:
        assert interface == ""
        if member == "getLogDenied":
            return ("off",)
        assert member == "getDefaultZone"
        return ("public",)

    def program(self, name: str) -> str | None:
        return name if name == "nft" and self.tables is not None else None

    def run(self, *command: str) -> str | None:
        assert command == ("nft", "list", "tables")
        return self.tables


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("DefaultZone=public\nLogDenied=off\nFirewallBackend=nftables\n", []),
        ("# DefaultZone=trusted\n", []),
        (None, []),
        ("DefaultZone = trusted \n", ["firewalld.conf: DefaultZone=trusted, in the files only (public runs)"]),
        (
            "LogDenied=all\nFirewallBackend=iptables\n",
            [
                "firewalld.conf: FirewallBackend=iptables, in the files only (nftables runs)",
                "firewalld.conf: LogDenied=all, in the files only (off runs)",
            ],
        ),
    ],
)
def test_what_differs(tmp_path: Path, text: str | None, changes: list[str]) -> None:
    client: Any = Client()
    if text is not None:
        (tmp_path / "firewalld.conf").write_text(text)
    assert conf_changes(client, str(tmp_path)) == changes


@pytest.mark.parametrize("tables", [None, "", "table inet firewalld_other\n"])
def test_one_that_filters_with_iptables(tmp_path: Path, tables: str | None) -> None:
    client: Any = Client(tables)
    (tmp_path / "firewalld.conf").write_text("FirewallBackend=nftables\n")
    assert len(conf_changes(client, str(tmp_path))) == 1


def test_what_cannot_be_asked_is_passed_over(tmp_path: Path) -> None:
    class Old(Client):
        def call(self, interface: str, member: str) -> tuple[str]:
            raise CommandError(["firewalld", member], None, "x")

    client: Any = Old()
    (tmp_path / "firewalld.conf").write_text("DefaultZone=trusted\n")
    assert conf_changes(client, str(tmp_path)) == []
