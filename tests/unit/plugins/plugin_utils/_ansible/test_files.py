# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on the controller: what cannot be read or written is an error that names the file, and nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import (
    content_of,
    make_folder,
    read_file,
    remove_file,
    write_file,
)


def test_a_text_that_no_file_can_have(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("earlier")
    with pytest.raises(AnsibleActionFail, match=rf"^The report cannot be written to {path}: .*surrogates"):
        write_file(str(path), "half a pair: \ud800", "The report")
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["missing", "folder", "dangling", "bytes", "name"])
def test_what_cannot_be_read(tmp_path: Path, kind: str) -> None:
    path = str(tmp_path / "x")
    if kind == "folder":
        (tmp_path / "x").mkdir()
    elif kind == "dangling":
        (tmp_path / "x").symlink_to("nowhere")
    elif kind == "bytes":
        (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    elif kind == "name":
        path = "a\0b"
    with pytest.raises(AnsibleActionFail, match=r"^The baseline .* cannot be read: "):
        read_file(path, "The baseline")


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(AnsibleActionFail, match="cannot be written"):
        write_file("a\0b", "text", "The report")
    with pytest.raises(AnsibleActionFail, match="cannot be made"):
        make_folder("a\0b", "The folder")
    (tmp_path / "folder").mkdir()
    with pytest.raises(AnsibleActionFail, match="cannot be written"):
        write_file(str(tmp_path / "folder"), "text", "The report")


def test_bytes_and_ends_of_lines_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "table"
    for content in (b"\x00\xff\r\n", "a\r\nb\n", "\ufeffa"):
        assert content_of(str(path), "The table") != (content if isinstance(content, bytes) else content.encode())
        assert write_file(str(path), content, "The table") is True
        assert write_file(str(path), content, "The table") is False
        assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())


def test_a_file_is_removed_once(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("")
    assert remove_file(str(path), "The file", check_mode=True) is True and path.exists()
    assert remove_file(str(path), "The file") is True and not path.exists()
    assert remove_file(str(path), "The file") is False
    path.mkdir()
    assert remove_file(str(path), "The file") is False and path.is_dir()
