# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an appliance says about itself, in the forms that are quoted in public, and in others."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._observe.facts.gather import NAMES, Product
from ansible_collections.jsa.ports.plugins.module_utils._observe.facts.parse import (
    Release,
    parse_capabilities,
    parse_ha_state,
    parse_internal_version,
    parse_myver,
    read_release,
    truth,
)

MYVER = """
Product is 'JSA'
Appliance is 'software'
Core version is '2021.6.1.20220215133427'
Branded version is ''
External version is '7.5.0'
Release name is '7.5.0 UpdatePackage 1'
Console: 'true'
Console IP: '192.0.2.1'
Vendor: 'xxxx'
HA identity: 'N/A'
DNS: '192.0.2.5', '192.0.2.6'
FIPS enabled: 'false'
"""


def test_the_form_that_is_quoted() -> None:
    found = parse_myver(MYVER)
    assert found["release name"] == "7.5.0 UpdatePackage 1"
    assert found["console ip"] == "192.0.2.1"
    assert "ha identity" not in found
    assert "branded version" not in found
    assert "dns" not in found


@pytest.mark.parametrize("text", ["", "7.5.0", "usage: myver [-v]", "\x00'", "Release name is 7.5.0"])
def test_another_form_is_unknown(text: str) -> None:
    assert parse_myver(text) == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("7.5.0 UpdatePackage 8", Release("7.5.0", 8)),
        ("7.5.0 UP8 IF03", Release("7.5.0", 8)),
        ("7.5.0 Update Package 14 Interim Fix 01", Release("7.5.0", 14)),
        ("7.5.0", Release("7.5.0", None)),
        ("7.3.3 FixPack 12", Release("7.3.3", None)),
        ("2014.6", Release("2014.6", None)),
        ("", Release(None, None)),
        ("community", Release(None, None)),
        ("7.5.0 UPSTREAM", Release("7.5.0", None)),
    ],
)
def test_releases(name: str, expected: Release) -> None:
    assert read_release(name) == expected


def test_capabilities() -> None:
    text = '<a isConsole="true" applianceType=\'3199\' IP=""><b isConsole="false"/></a>'
    assert parse_capabilities(text) == {"isConsole": "true", "applianceType": "3199"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("active\n", "active"),
        ("active 1.0", "active"),
        ("STANDBY", "standby"),
        ("", None),
        ("7: no", None),
        ("N/A", None),
    ],
)
def test_ha_states(text: str, expected: str | None) -> None:
    assert parse_ha_state(text) == expected


def test_small_words() -> None:
    assert [truth(text) for text in ("true", "FALSE", "yes", None)] == [True, False, None, None]
    assert parse_internal_version("2021.6.1.2022\n") == "2021.6.1.2022"
    assert parse_internal_version("no version") is None


def program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_an_appliance(tmp_path: Path) -> None:
    (tmp_path / "myver.txt").write_text(MYVER)
    program(tmp_path / "bin" / "myver", f'[ "$1" = -v ] && cat {tmp_path}/myver.txt || echo 2021.6.1.2022')
    program(tmp_path / "ha" / "bin" / "ha", "echo active")
    found = Product(Programs(lambda name: name), str(tmp_path)).gather()
    assert set(found) == {*NAMES, "sources"}
    assert (found["name"], found["release"], found["update_package"]) == ("JSA", "7.5.0", 1)
    assert (found["is_console"], found["ha_role"], found["ha_state"]) == (True, None, "active")
    assert found["fips"] is False
    assert set(found["sources"]) == {name for name in NAMES if found[name] is not None}


def test_programs_that_fail_and_files_that_are_missing(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "myver", "exit 1")
    found = Product(Programs(lambda name: name), str(tmp_path)).gather()
    assert found == {**dict.fromkeys(NAMES), "sources": {}}


def test_a_host_that_is_no_appliance_is_not_asked(tmp_path: Path) -> None:
    def find(name: str) -> str:
        raise AssertionError(f"{name} was looked for")

    found = Product(Programs(find), str(tmp_path)).gather()
    assert found == {**dict.fromkeys(NAMES), "sources": {}}
