# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes by inode: all that hold a socket, none that is only guessed."""

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets import owners
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.owners import Process, find_owners


@pytest.fixture
def proc(tmp_path):
    """A /proc with process 20 (sockets 5 and 6), 3 (socket 5), a kernel thread 2, and things that are no process."""
    files = {20: ["socket:[5]", "socket:[6]", "/dev/null", "pipe:[5]"], 3: ["socket:[5]", "socket:[5]"], 2: []}
    for pid, links in files.items():
        folder = tmp_path / str(pid) / "fd"
        folder.mkdir(parents=True)
        (tmp_path / str(pid) / "comm").write_text(f"name of {pid}\n")
        for number, target in enumerate(links):
            (folder / str(number)).symlink_to(target)
    (tmp_path / "net").mkdir()
    (tmp_path / "uptime").write_text("1 1\n")
    return tmp_path


def test_every_holder_is_found_once_lowest_pid_first(proc) -> None:
    assert find_owners([5, 6, 7], str(proc)) == {
        5: [Process(3, "name of 3"), Process(20, "name of 20")],
        6: [Process(20, "name of 20")],
    }


def test_what_was_not_asked_for_is_not_returned(proc) -> None:
    assert find_owners([6], str(proc)) == {6: [Process(20, "name of 20")]}


@pytest.mark.parametrize("inodes", [[], [0]])
def test_no_question_no_scan(inodes: list[int]) -> None:
    # A socket without an inode belongs to nobody; with the folder absent, a scan would raise.
    assert find_owners(inodes, "/nonexistent") == {}


def test_a_process_that_hides_its_files(proc, monkeypatch) -> None:
    listdir = os.listdir

    def guarded(path):
        if path == str(proc / "3" / "fd"):
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(owners.os, "listdir", guarded)
    assert find_owners([5], str(proc)) == {5: [Process(20, "name of 20")]}


def test_a_process_that_ends_before_its_files_are_listed(proc) -> None:
    (proc / "99").mkdir()
    assert 6 in find_owners([6], str(proc))


def test_a_process_that_ends_between_two_files(proc, monkeypatch) -> None:
    readlink = os.readlink

    def vanishing(path):
        if path == str(proc / "20" / "fd" / "1"):
            raise FileNotFoundError(2, "No such file or directory")
        return readlink(path)

    monkeypatch.setattr(owners.os, "readlink", vanishing)
    assert find_owners([5, 6], str(proc)) == {5: [Process(3, "name of 3"), Process(20, "name of 20")]}


def test_a_process_that_ends_before_its_name_is_read(proc) -> None:
    (proc / "20" / "comm").unlink()
    assert find_owners([6], str(proc)) == {6: [Process(20, None)]}


def test_a_name_of_strange_bytes(proc) -> None:
    (proc / "20" / "comm").write_bytes(b"\xff name\n")
    assert find_owners([6], str(proc)) == {6: [Process(20, "\ufffd name")]}


def test_each_folder_is_listed_once(proc, monkeypatch) -> None:
    listed = []
    listdir = os.listdir
    monkeypatch.setattr(owners.os, "listdir", lambda path: listed.append(path) or listdir(path))
    find_owners(range(1, 300), str(proc))
    assert len(listed) == len(set(listed)) == 4


def test_this_very_process() -> None:
    with socket.socket() as sock:
        inode = os.fstat(sock.fileno()).st_ino
        assert os.getpid() in [process.pid for process in find_owners([inode])[inode]]
