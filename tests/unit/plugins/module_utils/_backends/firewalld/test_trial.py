# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What firewalld is given to try, and what is read of its answer."""

from __future__ import annotations

import os

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.trial import Trial, errors, lay_out
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs

LOG = """2026-01-31 10:00:00 WARNING: AllowZoneDrifting is enabled.
2026-01-31 10:00:01 ERROR: Failed to load user configuration. Falling back to full stock configuration.
2026-01-31 10:00:02 ERROR: COMMAND_FAILED: 'python-nftables' failed: internal:0:0-0: Error: conflicting intervals

JSON blob:
{"nftables": [{"add": {"set": {"name": "geo"}}}]}
2026-01-31 10:00:03 DEBUG1: this and that
on two lines
2026-01-31 10:00:03 FATAL: No zones in /run/trial/etc/zones
2026-01-31 10:00:03 FATAL: No zones in /run/trial/etc/zones
"""


def test_errors_are_what_firewalld_could_not_do() -> None:
    assert errors(LOG, "/run/trial/etc", "/etc/firewalld") == [
        "COMMAND_FAILED: 'python-nftables' failed: internal:0:0-0: Error: conflicting intervals\n"
        'JSON blob:\n{"nftables": [{"add": {"set": {"name": "geo"}}}]}',
        "No zones in /etc/firewalld/zones",
    ]


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    etc = tmp_path / "firewalld"
    for path, text in {
        "firewalld.conf": "DefaultZone=public\n",
        "direct.xml": "<direct/>",
        "zones/public.xml": "<zone/>",
        "zones/both/one.xml": "<zone/>",
        "ipsets/geo.xml": "<ipset/>",
        "ipsets/jsa-old-4.xml": "old",
        "policies/jsa-in.xml": "old",
    }.items():
        (etc / path).parent.mkdir(parents=True, exist_ok=True)
        (etc / path).write_text(text)
    return etc


def content(folder: Path) -> dict[str, str]:
    return {
        os.path.relpath(os.path.join(base, name), folder): Path(base, name).read_text()
        for base, _folders, names in os.walk(folder, followlinks=True)
        for name in names
    }


MINE = ["ipsets/jsa-old-4.xml", "policies/jsa-in.xml"]
TEXTS = {"policies/jsa-in.xml": "new", "ipsets/jsa-new-4.xml": "new"}


def test_ours_are_the_new_ones_and_the_others_as_they_are(etc: Path, tmp_path: Path) -> None:
    before = content(etc)
    lay_out(str(tmp_path / "etc"), str(etc), MINE, TEXTS)
    expected = {path: text for path, text in before.items() if path not in MINE}
    assert content(tmp_path / "etc") == {**expected, **TEXTS}
    assert content(etc) == before


@pytest.mark.parametrize(
    "path", ["direct.xml", "ipsets/geo.xml", "policies/jsa-in.xml", "zones/both", "firewalld.conf"]
)
def test_what_is_left_out(etc: Path, tmp_path: Path, path: str) -> None:
    lay_out(str(tmp_path / "all"), str(etc), MINE, TEXTS)
    lay_out(str(tmp_path / "etc"), str(etc), MINE, TEXTS, [path])
    gone = set(content(tmp_path / "all")) - set(content(tmp_path / "etc"))
    assert gone == {one for one in content(tmp_path / "all") if one == path or one.startswith(path + "/")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a=b\nNftablesFlowtable=eth0 eth1 \nc=d\n", "a=b\nNftablesFlowtable=off\nc=d\n"),
        ("NftablesFlowtable=off\n", "NftablesFlowtable=off\n"),
        ("# NftablesFlowtable=eth0\n", "# NftablesFlowtable=eth0\n"),
        ("NftablesFlowtable=\na=b\n", "NftablesFlowtable=\na=b\n"),
    ],
)
def test_a_network_of_its_own_has_no_devices(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "firewalld.conf").write_text(before)
    lay_out(str(tmp_path / "etc"), str(tmp_path / "old"), [], {})
    assert (tmp_path / "etc" / "firewalld.conf").read_text() == after
    assert (tmp_path / "old" / "firewalld.conf").read_text() == before


def test_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    lay_out(str(tmp_path / "etc"), str(tmp_path / "empty"), [], TEXTS)
    assert content(tmp_path / "etc") == TEXTS


def test_a_host_without_the_program(etc: Path) -> None:
    outcome = Trial(Programs(lambda name: None), str(etc), [], {}).outcome()
    assert outcome.loaded is None
    assert outcome.words == ["the program firewalld is not there"]


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo it is broken; exit 3", "it is broken"),
        ("exit 3", "it ends, and does not say why"),
        # Two lines of headings, and one for the loopback interface.
        ("grep -c '' /proc/self/net/dev", "3"),
    ],
)
def test_a_program_that_ends(etc: Path, tmp_path: Path, script: str, words: str) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    before = set(Path("/run").glob("jsa_ports_trial.*"))
    outcome = Trial(Programs(lambda name: str(program)), str(etc), [], {}).outcome()
    assert outcome == (False, [words])
    assert set(Path("/run").glob("jsa_ports_trial.*")) <= before
