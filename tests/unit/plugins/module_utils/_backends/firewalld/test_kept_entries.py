# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reloads of a firewalld that adds to each set the entries that it had before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import CommandError, NotAsked
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.kept_entries import reload
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import keeps_entries
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import AddressSet, Ruleset

SITE = {"bans": ["192.0.2.0/24"]}
FILES = {"jsa-ep-4": ("10.0.0.0/25", "10.0.1.1/32")}
RULES = Ruleset({}, {name: AddressSet(name, "ipv4", name, entries) for name, entries in FILES.items()})


class Firewalld:
    """With sets that run, and the files' sets for the reload, as it is in firewalld 0.9 to 2.3."""

    def __init__(self, keeps: bool, **sets: list[str]) -> None:
        self.keeps = keeps
        self.sets = {name.replace("_", "-"): list(entries) for name, entries in sets.items()} | SITE
        self.drops_all = False
        self.error: Exception | None = None

    def keeps_entries(self) -> bool:
        return self.keeps

    def call(self, interface: str, member: str, signature: str = "", arguments: Any = ()) -> tuple[Any, ...]:
        assert interface == "ipset"
        if isinstance(self.error, NotAsked):
            raise self.error
        return (list(self.sets),) if member == "getIPSets" else (self.sets[arguments[0]],)

    def change_entries(self, name: str, wanted: tuple[str, ...], add: Any, remove: Any) -> None:
        assert set(add) == set(wanted) - set(self.sets[name])
        assert set(remove) == set(self.sets[name]) - set(wanted)
        self.sets[name] = list(wanted)
        if self.error:
            raise self.error

    def reload(self) -> None:
        before, self.sets = self.sets, {**{name: list(entries) for name, entries in FILES.items()}, **SITE}
        if not self.keeps:
            return
        self.drops_all = True
        for name, entries in before.items():
            for entry in set(entries) - set(self.sets.setdefault(name, [])):
                if entry == "10.0.0.0/24" and "10.0.0.0/25" in self.sets[name]:
                    raise CommandError(["firewalld", "reload"], None, "INVALID_ENTRY: overlaps")
                self.sets[name].append(entry)
        self.drops_all = False


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("error", [None, CommandError(["nft"], 1, "No such file or directory")])
def test_what_runs_is_what_the_files_say(keeps: bool, error: Exception | None) -> None:
    """A network became a smaller one, a peer has gone, and so has a set."""
    firewalld: Any = Firewalld(keeps, jsa_ep_4=["10.0.0.0/24", "10.0.2.2/32"], jsa_old_4=["10.0.3.3/32"])
    firewalld.error = error if keeps else None
    reload(firewalld, RULES)
    assert not firewalld.drops_all
    assert firewalld.sets.pop("jsa-old-4", []) == []
    assert {name: sorted(entries) for name, entries in firewalld.sets.items()} == {
        "jsa-ep-4": list(FILES["jsa-ep-4"]),
        **SITE,
    }


def test_one_that_does_not_listen_is_reloaded_all_the_same() -> None:
    firewalld: Any = Firewalld(True, jsa_ep_4=["10.0.2.2/32"])
    firewalld.error = NotAsked("lockdown")
    reload(firewalld, RULES)
    assert "10.0.1.1/32" in firewalld.sets["jsa-ep-4"]


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        ("FlushAllOnReload=no\n", True),
        ("x=1\nFlushAllOnReload = False\n", True),
        ("FlushAllOnReload=yes\n", False),
        ("# FlushAllOnReload=no\n", False),
        ("", False),
    ],
)
def test_configuration(tmp_path: Path, text: str, keeps: bool) -> None:
    (tmp_path / "firewalld.conf").write_text(text)
    assert keeps_entries(str(tmp_path)) is keeps
    assert keeps_entries(str(tmp_path / "nowhere")) is False
