# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permanent files: read, compared, replaced, put back."""

from __future__ import annotations

import os

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import (
    FileChanges,
    PermanentFiles,
    compare_files,
    reverse,
    ruleset_of,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY, FirewalldError, Ruleset

FOREIGN = "<ipset type='hash:net'><short>peers</short></ipset>"


class Host:
    def __init__(self, root: Path) -> None:
        self.etc = root / "etc"
        self.lib = root / "lib"
        for folder in ("policies", "ipsets", "zones"):
            (self.etc / folder).mkdir(parents=True)
            (self.lib / folder).mkdir(parents=True)
        self.files = PermanentFiles(str(self.etc), str(self.lib))

    def content(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.etc)): path.read_bytes() for path in self.etc.rglob("*") if path.is_file()}

    def write(self, wanted: dict[str, str]) -> FileChanges:
        changes = compare_files(self.files.read(), wanted)
        self.files.write(changes)
        return changes


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_first_run_then_nothing_to_do(host: Host, ruleset: Ruleset) -> None:
    texts = render(ruleset)
    changes = host.write(texts)
    assert (changes.create, changes.change, changes.delete) == (texts, {}, [])
    assert host.content() == {path: text.encode() for path, text in texts.items()}
    assert not host.write(texts).any()
    assert ruleset_of(host.files.read()) == ruleset


def test_three_lists(host: Host, ruleset: Ruleset) -> None:
    texts = render(ruleset)
    host.write(texts)
    wanted = dict(texts)
    del wanted["ipsets/jsa-admin-4.xml"]
    wanted["policies/jsa-in.xml"] += "\n"
    wanted["ipsets/jsa-new-4.xml"] = texts["ipsets/jsa-admin-4.xml"]
    changes = host.write(wanted)
    assert list(changes.create) == ["ipsets/jsa-new-4.xml"]
    assert list(changes.change) == ["policies/jsa-in.xml"]
    assert changes.delete == ["ipsets/jsa-admin-4.xml"]
    assert host.content() == {path: text.encode() for path, text in wanted.items()}


def test_reverse_is_the_way_back(host: Host, ruleset: Ruleset) -> None:
    texts = render(ruleset)
    host.write(texts)
    before = host.content()
    found = host.files.read()
    wanted = {"policies/jsa-in.xml": texts["policies/jsa-in.xml"] + "\n", "ipsets/jsa-n-4.xml": "<ipset/>"}
    changes = host.write(wanted)
    host.files.write(reverse(found, changes))
    assert host.content() == before


def test_the_site_s_own_objects_stay(host: Host, ruleset: Ruleset) -> None:
    own = {
        "ipsets/jsa-site.xml": FOREIGN,
        "ipsets/peers.xml": "<ipset><short>jsa.ports</short></ipset>",
        "policies/site.xml": "<policy/>",
        "zones/jsa-in.xml": "<zone/>",
        "policies/jsa-in.xml.old": "x",
        "policies/jsa-note.txt": "jsa.ports",
    }
    for path, text in own.items():
        (host.etc / path).write_text(text)
    before = host.content()
    host.write(render(ruleset))
    assert {path: text for path, text in host.content().items() if path in own} == before
    host.write({})
    del before["policies/jsa-in.xml.old"]
    assert host.content() == before


def test_a_name_that_the_site_has_taken(host: Host, ruleset: Ruleset) -> None:
    (host.etc / "ipsets" / "jsa-admin-4.xml").write_text(FOREIGN)
    (host.lib / "policies" / "jsa-in.xml").write_text("<policy/>")
    (host.lib / "policies" / "jsa-other.xml").write_text("<policy/>")
    assert host.files.conflicts(host.files.read(), render(ruleset)) == [
        str(host.etc / "ipsets" / "jsa-admin-4.xml"),
        str(host.lib / "policies" / "jsa-in.xml"),
    ]
    assert host.files.conflicts(host.files.read(), {}) == []


def test_our_file_that_cannot_be_read_is_replaced(host: Host, ruleset: Ruleset) -> None:
    path = host.etc / "policies" / "jsa-in.xml"
    path.write_bytes(b"<policy><short>jsa.ports</short>\xff")
    found = host.files.read()
    assert ruleset_of(found) == EMPTY
    assert list(compare_files(found, render(ruleset)).change) == ["policies/jsa-in.xml"]
    changes = host.write(render(ruleset))
    host.files.write(reverse(found, changes))
    assert path.read_bytes() == b"<policy><short>jsa.ports</short>\xff"


def test_mode_and_owner_survive(host: Host, ruleset: Ruleset) -> None:
    path = host.etc / "policies" / "jsa-in.xml"
    host.write(render(ruleset))
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o600)
    host.write({**render(ruleset), "policies/jsa-in.xml": "<policy><short>jsa.ports</short></policy>"})
    assert path.stat().st_mode & 0o777 == 0o600


def test_missing_folders_are_made(tmp_path: Path, ruleset: Ruleset) -> None:
    files = PermanentFiles(str(tmp_path / "etc"), str(tmp_path / "lib"))
    assert files.read() == {}
    files.write(compare_files({}, render(ruleset)))
    assert set(files.read()) == set(render(ruleset))


@pytest.mark.parametrize("failing", range(1, 5))
def test_a_disk_that_fills_up_leaves_every_file_as_it_was(
    host: Host, ruleset: Ruleset, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """No file is replaced before all of them are on the disk."""
    (host.etc / "policies" / "jsa-in.xml").write_text("<policy><short>jsa.ports</short></policy>")
    before = host.content()
    calls = []

    def fsync(handle: int) -> None:
        calls.append(handle)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(FirewalldError, match="No space left on device"):
        host.write(render(ruleset))
    assert host.content() == before


def test_a_label_stays_on_a_file_that_is_replaced(host: Host, ruleset: Ruleset) -> None:
    """SELinux keeps its label where any program's attribute is kept; not every kernel of a test has SELinux."""
    host.write(render(ruleset))
    policy = host.etc / "policies" / "jsa-in.xml"
    os.setxattr(policy, "user.label", b"system_u:object_r:firewalld_etc_rw_t:s0")
    before = policy.stat().st_ino
    texts = render(ruleset)
    texts["policies/jsa-in.xml"] += "\n"
    host.write(texts)
    assert policy.stat().st_ino != before
    assert os.getxattr(policy, "user.label") == b"system_u:object_r:firewalld_etc_rw_t:s0"


def test_an_attribute_that_cannot_be_kept_is_no_reason_to_fail(
    host: Host, ruleset: Ruleset, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.write(render(ruleset))
    os.setxattr(host.etc / "policies" / "jsa-in.xml", "user.label", b"x")

    def refuse(*arguments: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    texts = render(ruleset)
    texts["policies/jsa-in.xml"] += "\n"
    host.write(texts)
    assert (host.etc / "policies" / "jsa-in.xml").read_text().endswith("\n\n")


def test_sets_come_before_the_policy_and_leave_after_it(
    host: Host, ruleset: Ruleset, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    rename, unlink = os.rename, os.unlink
    monkeypatch.setattr(os, "rename", lambda old, new: (order.append(Path(new).name), rename(old, new)))
    monkeypatch.setattr(os, "unlink", lambda path: (order.append(Path(path).name), unlink(path)))
    host.write(render(ruleset))
    assert order[-1] == "jsa-in.xml"
    assert len(order) == 4
    order.clear()
    host.write({})
    assert order[0] == "jsa-in.xml"


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ('<policy priority="-200"><egress-zone name="HOST"/></policy>', True),
        ('<policy target="DROP" priority="-101"><egress-zone name="HOST"/></policy>', True),
        # Which of two with one priority comes first depends on firewalld's version.
        ('<policy priority="-100"><egress-zone name="HOST"/></policy>', True),
        ('<policy priority="-99"><egress-zone name="HOST"/></policy>', False),
        ("<policy priority='-200'><egress-zone name='HOST'/></policy>", True),
        ('<policy priority="-200"><egress-zone name="HOST"/>', False),
        ("", False),
        ('<policy priority="-200"><egress-zone name="ANY"/></policy>', False),
        ('<policy><egress-zone name="HOST"/></policy>', False),
        ('<policy priority="-200"><short>jsa.ports</short><egress-zone name="HOST"/></policy>', False),
    ],
)
@pytest.mark.parametrize("folder", ["etc", "lib"])
def test_policies_that_decide_before_ours(host: Host, folder: str, text: str, earlier: bool) -> None:
    (getattr(host, folder) / "policies" / "site.xml").write_text(text)
    (host.lib / "policies" / "allow-host-ipv6.xml").write_text('<policy priority="-15000"/>')
    assert host.files.earlier_policies(-100) == (["site"] if earlier else [])


def test_a_policy_that_the_site_has_overridden_counts_as_it_is_now(host: Host) -> None:
    (host.lib / "policies" / "x.xml").write_text('<policy priority="-200"><egress-zone name="HOST"/></policy>')
    (host.etc / "policies" / "x.xml").write_text('<policy priority="200"><egress-zone name="HOST"/></policy>')
    assert host.files.earlier_policies(-100) == []


def test_what_a_killed_run_has_left_is_swept_up(host: Host, ruleset: Ruleset) -> None:
    left = host.etc / "policies" / ".jsa-in.xml.x1y2z3.tmp"
    own = host.etc / "policies" / ".site.xml.x1y2z3.tmp"
    left.write_text("half")
    own.write_text("half")
    host.write(render(ruleset))
    assert not left.exists()
    assert own.exists()


def test_folders_that_are_made_are_closed_to_others(tmp_path: Path, ruleset: Ruleset) -> None:
    """As firewalld's own package makes them."""
    mask = os.umask(0)
    try:
        files = PermanentFiles(str(tmp_path / "etc"), str(tmp_path / "lib"))
        files.write(compare_files({}, render(ruleset)))
    finally:
        os.umask(mask)
    assert {(tmp_path / "etc" / folder).stat().st_mode & 0o777 for folder in ("policies", "ipsets")} == {0o750}


def test_only_policies_that_firewalld_reads_decide(host: Host) -> None:
    """Neither its own one for neighbor discovery, which comes before all others, nor a copy that somebody kept."""
    text = '<policy priority="-15000"><egress-zone name="HOST"/></policy>'
    for name in ("allow-host-ipv6.xml", "site.xml.old", "site.xml"):
        (host.lib / "policies" / name).write_text(text)
    assert host.files.earlier_policies(-100) == ["site"]
