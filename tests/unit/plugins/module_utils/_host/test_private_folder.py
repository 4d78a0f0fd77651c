# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._host.private_folder import make_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest):
    before = os.umask(request.param)
    yield
    os.umask(before)


def test_every_level_is_the_owners_alone(tmp_path: Path, umask: None) -> None:
    tmp_path.chmod(0o755)
    make_private(str(tmp_path / "jsa_ports" / "firewalld"), str(tmp_path))
    assert mode(tmp_path / "jsa_ports") == mode(tmp_path / "jsa_ports" / "firewalld") == 0o700
    assert mode(tmp_path) == 0o755


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    for _time in range(2):
        make_private(str(tmp_path / "a" / "b"), str(tmp_path))
    assert mode(tmp_path / "a") == 0o700


def test_one_that_others_can_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o755)
    make_private(str(tmp_path / "a" / "b"), str(tmp_path))
    assert mode(tmp_path / "a") == 0o700


@pytest.mark.parametrize("bits", [0o777, 0o720, 0o702])
def test_one_that_others_can_write_to_is_refused(tmp_path: Path, bits: int) -> None:
    """A program that root runs may have been put there."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(bits)
    with pytest.raises(OSError, match=rf"others can write to .*/a \(mode {bits:04o}\)"):
        make_private(str(tmp_path / "a" / "b"), str(tmp_path))
    assert not (tmp_path / "a" / "b").exists()


def test_one_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o700)
    os.chown(tmp_path / "a", 4711, 4711)
    with pytest.raises(OSError, match="belongs to the user with the number 4711"):
        make_private(str(tmp_path / "a" / "b"), str(tmp_path))


@pytest.mark.parametrize("what", ["link", "file"])
def test_what_is_no_folder_is_refused(tmp_path: Path, what: str) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    if what == "link":
        (tmp_path / "a").symlink_to(tmp_path / "real")
    else:
        (tmp_path / "a").write_text("")
    with pytest.raises(OSError, match="is not a folder"):
        make_private(str(tmp_path / "a" / "b"), str(tmp_path))
    assert list((tmp_path / "real").iterdir()) == []
