# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name of others does not leave a folder."""

from __future__ import annotations

import os

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._file_names import file_name

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("con1", "con1"),
        ("ep-1.example.org", "ep-1.example.org"),
        ("../x", "%2E.%2Fx"),
        ("..", "%2E."),
        (".hidden", "%2Ehidden"),
        ("/etc/passwd", "%2Fetc%2Fpasswd"),
        ("a\x00b\n", "a%00b%0A"),
        ("größe", "gr%C3%B6%C3%9Fe"),
        ("100%", "100%25"),
        ("\ud800", "%ED%A0%80"),
    ],
)
def test_the_name_of_a_file(name: str, written: str) -> None:
    assert file_name(name) == written


@given(name=ANY_TEXT, other=ANY_TEXT)
def test_a_name_stays_in_its_folder_and_is_its_own(name: str, other: str) -> None:
    written = f"{file_name(name)}.json"
    assert os.path.basename(os.path.normpath(f"/folder/{written}")) == written
    assert not file_name(name).startswith(".")
    assert (file_name(name) == file_name(other)) is (name == other)
