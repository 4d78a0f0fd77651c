# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reloads of a firewalld that adds to each set the entries that it had before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError, NotAsked
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.kept_entries import (
    collisions,
    reload,
    require_no_collisions,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import keeps_entries
from ansible_collections.jsa.ports.plugins.module_utils._host.dbus import BusError
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import AddressSet, FirewalldError, Ruleset

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


class Site:
    """A firewalld with sets, each as it runs and as it is kept."""

    def __init__(self, keeps: bool, **sets: tuple[list[str], list[str] | None]) -> None:
        self.keeps = keeps
        self.sets = sets

    def keeps_entries(self) -> bool:
        return self.keeps

    def call(
        self, interface: str, member: str, signature: str = "", arguments: Any = (), path: str = ""
    ) -> tuple[Any, ...]:
        if member == "getIPSets":
            return (list(self.sets),)
        if member == "getEntries":
            return (self.sets[arguments[0]][0],)
        if member == "getIPSetByName":
            if self.sets[arguments[0]][1] is None:
                raise CommandError(["firewalld", member], None, "INVALID_IPSET")
            return (arguments[0],)
        assert (interface, member) == ("config.ipset", "getSettings")
        return (("", "", "", "hash:net", {}, self.sets[path][1]),)


@pytest.mark.parametrize(
    ("running", "kept", "found"),
    [
        (["192.0.2.0/24"], ["192.0.2.0/24", "198.51.100.1"], ""),
        (["192.0.2.0/24"], ["198.51.100.1"], ""),
        (["192.0.2.0/24"], None, ""),
        (["00:11:22:33:44:55", "192.0.2.1,tcp:80"], ["192.0.2.1"], ""),
        (["fd00::/64"], ["192.0.2.0/24"], ""),
        (["192.0.2.0/24"], ["192.0.2.0/25"], "192.0.2.0/24 runs, and overlaps 192.0.2.0/25 in the file"),
        # https://github.com/firewalld/firewalld/issues/1318
        (["fd00:0::/64"], ["fd00:0::/64"], "fd00::/64 runs, and overlaps fd00:0::/64 in the file"),
    ],
)
def test_entries_of_the_site_that_would_end_a_reload(running: list[str], kept: list[str] | None, found: str) -> None:
    site: Any = Site(True, geo=(running, kept), **{"jsa-ep-4": (["10.0.0.0/8"], ["10.0.0.0/9"])})
    assert collisions(site) == ([f"set geo: {found}"] if found else [])
    if found:
        with pytest.raises(FirewalldError, match="Nothing was written"):
            require_no_collisions(site)
    else:
        require_no_collisions(site)
    site.keeps = False
    assert collisions(site) == []


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        ("FlushAllOnReload=no\n", True),
        ("x=1\nFlushAllOnReload = False\n", True),
        ("FlushAllOnReload=yes\n", False),
        ("# FlushAllOnReload=no\n", None),
        ("", None),
    ],
)
def test_configuration(tmp_path: Path, text: str, keeps: bool | None) -> None:
    (tmp_path / "firewalld.conf").write_text(text)
    assert keeps_entries(str(tmp_path)) is keeps
    assert keeps_entries(str(tmp_path / "nowhere")) is None


@pytest.mark.parametrize(
    ("answer", "keeps"), [("no", True), ("yes", False), (BusError("no bus"), False), (BusError("x", "y"), False)]
)
def test_where_the_file_does_not_say_firewalld_does(tmp_path: Path, answer: Any, keeps: bool) -> None:
    class Bus:
        def call(self, *call: Any) -> tuple[str]:
            assert call[1] == "/org/fedoraproject/FirewallD1/config"
            assert call[5] == ["org.fedoraproject.FirewallD1.config", "FlushAllOnReload"]
            if isinstance(answer, BusError):
                raise answer
            return (answer,)

    assert Client(find=lambda name: None, bus=Bus(), etc=str(tmp_path)).keeps_entries() is keeps
