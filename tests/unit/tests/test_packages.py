# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests import packages


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return tmp_path / "policy-rc.d"


def answer(policy: Path) -> int:
    return subprocess.run([policy, "firewalld", "start"], check=False).returncode


def test_services_are_refused_meanwhile(policy: Path) -> None:
    with packages.services_refused(policy):
        assert answer(policy) == 101
    assert list(policy.parent.iterdir()) == []


def test_a_policy_of_the_machine_is_put_back(policy: Path) -> None:
    policy.write_text("#!/bin/sh\nexit 0\n")
    policy.chmod(0o750)
    with packages.services_refused(policy):
        assert answer(policy) == 101
    assert (policy.read_text(), policy.stat().st_mode & 0o777) == ("#!/bin/sh\nexit 0\n", 0o750)
    assert list(policy.parent.iterdir()) == [policy]


def test_it_is_put_back_after_an_error_too(policy: Path) -> None:
    policy.write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(SystemExit), packages.services_refused(policy):
        raise SystemExit("apt-get failed")
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"


@pytest.mark.parametrize("own", [None, "#!/bin/sh\nexit 0\n"])
def test_a_run_that_was_killed_is_made_good(policy: Path, own: str | None) -> None:
    if own:
        policy.write_text(own)
        policy.chmod(0o755)
    # Entered and never left.
    packages.services_refused(policy).__enter__()
    with packages.services_refused(policy):
        assert answer(policy) == 101
    assert (policy.read_text() if policy.exists() else None) == own
    assert [path for path in policy.parent.iterdir() if path != policy] == []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty machine: what is found on it are the programs that a test puts into this folder."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def which(program: str, path: str | None = None) -> str | None:
        return str(folder / program) if (folder / program).exists() else None

    monkeypatch.setattr(packages.shutil, "which", which)
    monkeypatch.setattr(packages.signal, "signal", lambda *arguments: None)
    monkeypatch.setattr(packages, "POLICY", tmp_path / "policy-rc.d")
    return folder


def have(machine: Path, *programs: str) -> None:
    for program in programs:
        (machine / program).touch()


def test_an_ordinary_user_is_told_what_to_install(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    have(machine, "apt-get", *(set(packages.PACKAGES) - {"nft", "sshd"}))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert packages.main([]) == 1
    assert "apt-get install --no-install-recommends nftables openssh-server\n" in capsys.readouterr().out


def test_nothing_is_run_where_nothing_is_missing(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    have(machine, *packages.PACKAGES)
    monkeypatch.setattr(packages, "install", lambda names: pytest.fail("nothing is missing"))
    assert packages.main([]) == 0
    assert capsys.readouterr().out == ""


def test_a_browser_is_for_those_who_ask_for_it(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    have(machine, "apt-get", *packages.PACKAGES)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert packages.main([]) == 0
    assert packages.main(["browser"]) == 1
    assert "apt-get install --no-install-recommends chromium-headless-shell\n" in capsys.readouterr().out


def test_root_gets_what_is_missing_and_no_daemon(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    have(machine, "apt-get", "systemctl", *(set(packages.PACKAGES) - {"firewall-cmd", "nmap", "rpcbind"}))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    commands: list[list[str]] = []

    def pretend(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        if command[0] == "apt-get":
            assert answer_of_policy() == 101
        if "install" in command:
            have(machine, "firewall-cmd", "nmap", "rpcbind")
        return subprocess.CompletedProcess(command, 0, "", "")

    really = subprocess.run

    def answer_of_policy() -> int:
        return really([packages.POLICY, "firewalld", "start"], check=False).returncode

    monkeypatch.setattr(packages.subprocess, "run", pretend)
    assert packages.main([]) == 0
    update, install, disable = commands
    assert update[-1] == "update"
    assert install[-3:] == ["firewalld", "nmap", "rpcbind"]
    assert "--no-install-recommends" in install
    # Not ssh: it was there before, and whether it starts is its owner's choice.
    assert disable == ["systemctl", "--quiet", "disable", "firewalld.service", "rpcbind.service", "rpcbind.socket"]
    assert not packages.POLICY.exists()


def test_a_failing_apt_get_is_shown(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    have(machine, "apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    failed = subprocess.CompletedProcess(["apt-get"], 100, "", "E: no such host")
    monkeypatch.setattr(packages.subprocess, "run", lambda *arguments, **options: failed)
    with pytest.raises(SystemExit, match=r"update ended with code 100:\nE: no such host"):
        packages.main([])
    assert not packages.POLICY.exists()
