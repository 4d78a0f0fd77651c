# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One block in a file of somebody else's."""

from __future__ import annotations

import os

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.files import Files, splice, split
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError

BODY = "-A INPUT -i lo -j ACCEPT\n"
TEXTS = [None, "", "# one\n", "# one", "# one\r\n# two\r\n", "\n\n", "# one\r", "\udcff\n"]


@pytest.mark.parametrize("text", TEXTS)
def test_there_and_away_again(text: str | None) -> None:
    once = splice("f", text, BODY)
    assert once is not None
    assert split("f", once).body == BODY
    assert splice("f", once, BODY) == once
    other = splice("f", once, BODY + BODY)
    assert other is not None
    assert split("f", other).body == BODY + BODY
    assert splice("f", other, None) == text
    assert splice("f", text, None) == text


def test_lines_that_the_site_adds_stay() -> None:
    once = splice("f", "# one", BODY)
    assert once is not None
    assert splice("f", once + "# two\n", None) == "# one\n# two\n"
    made = splice("f", None, BODY)
    assert made is not None
    assert splice("f", made + "# two\n", None) == "# two\n"


@pytest.mark.parametrize(
    "damage",
    [
        ("# END jsa.ports\n", ""),
        ("# BEGIN jsa.ports\n", ""),
        (BODY, "# BEGIN jsa.ports\n"),
        (BODY, "# END jsa.ports\n"),
    ],
)
def test_a_damaged_block_is_an_error(damage: tuple[str, str]) -> None:
    text = splice("f", "# one\n", BODY)
    assert text is not None
    with pytest.raises(FirewallError, match="f is damaged"):
        splice("f", text.replace(*damage), BODY)


def test_attributes_stay_and_nothing_is_left_over(tmp_path: Path) -> None:
    path = tmp_path / "iptables.pre"
    path.write_text("# one\n")
    path.chmod(0o604)
    if os.geteuid() == 0:
        os.chown(path, 7, 8)
    before = path.stat()
    (tmp_path / ".iptables.pre.abc.jsa_ports").touch()
    files = Files(str(tmp_path), {})
    files.sweep(["iptables.pre"])
    files.write_bodies(["iptables.pre", "iptables.post"], {"iptables.pre": BODY, "iptables.post": BODY})
    after = path.stat()
    assert (before.st_mode, before.st_uid, before.st_gid) == (after.st_mode, after.st_uid, after.st_gid)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["iptables.post", "iptables.pre"]
    assert files.bodies(["iptables.pre", "iptables.post"]) == {"iptables.pre": BODY, "iptables.post": BODY}
    files.write_bodies(["iptables.pre", "iptables.post"], {})
    assert [entry.name for entry in tmp_path.iterdir()] == ["iptables.pre"]
    assert path.read_text() == "# one\n"


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("# one\n")
    (tmp_path / "iptables.pre").symlink_to("real")
    Files(str(tmp_path), {}).write_bodies(["iptables.pre"], {"iptables.pre": BODY})
    assert (tmp_path / "iptables.pre").is_symlink()
    assert BODY in (tmp_path / "real").read_text()
