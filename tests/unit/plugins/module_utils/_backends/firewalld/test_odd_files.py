# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others put into firewalld's folders under names like ours: an error names it, and the way back does without."""

from __future__ import annotations

import os

from collections.abc import Callable
from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.backend import FirewalldBackend
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import (
    PermanentFiles,
    compare_files,
    read_object,
    ruleset_of,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import traps
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY, FirewalldError, Ruleset

MARK = "<short>jsa.ports: x</short>"


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def folder(path: Path) -> None:
    path.mkdir()
    (path / "file").touch()


def pipe(path: Path) -> None:
    os.mkfifo(path)


KINDS = pytest.mark.parametrize("make", [dangling, folder, pipe])
NAMES = pytest.mark.parametrize("name", ["policies/jsa-in.xml", "ipsets/jsa-x.xml"])


@pytest.fixture
def files(tmp_path: Path) -> PermanentFiles:
    for name in ("policies", "ipsets", "zones"):
        for base in ("etc", "lib"):
            (tmp_path / base / name).mkdir(parents=True)
    return PermanentFiles(str(tmp_path / "etc"), str(tmp_path / "lib"))


@KINDS
@NAMES
def test_an_error_names_what_cannot_be_read(files: PermanentFiles, make: Callable[[Path], None], name: str) -> None:
    make(Path(files.etc, name))
    found = files.read()
    assert not found[name].mine
    with pytest.raises(FirewalldError, match=f"^{files.etc}/{name} cannot be read: .* Nothing was written"):
        FirewalldBackend(Client(), files).decide(
            verbs.Situation(found, ruleset_of(found), None), verbs.Wanted({}, EMPTY)
        )


@KINDS
def test_a_policy_of_the_site_that_cannot_be_read(files: PermanentFiles, make: Callable[[Path], None]) -> None:
    make(Path(files.etc, "policies/x.xml"))
    with pytest.raises(FirewalldError, match=f"^{files.etc}/policies/x.xml cannot be read: .* Nothing was written"):
        files.earlier_policies(-100)
    assert traps(files.etc, files.lib, "0.9.3") == []


@KINDS
def test_the_way_back_does_not_stop_at_it(
    files: PermanentFiles, ruleset: Ruleset, make: Callable[[Path], None]
) -> None:
    """Somebody has made it while a candidate waits."""
    texts = render(ruleset)
    for name in ("policies/jsa-in.xml", "ipsets/jsa-admin-4.xml", "ipsets/jsa-other.xml"):
        make(Path(files.etc, name))
    files.write(compare_files(files.read(), texts))
    assert ruleset_of(files.read()) == ruleset
    assert {name: Path(files.etc, name).read_text() for name in texts} == texts
    assert os.path.lexists(os.path.join(files.etc, "ipsets/jsa-other.xml")), "it is none of ours"


def test_a_text_that_no_file_can_have(files: PermanentFiles) -> None:
    with pytest.raises(FirewalldError, match=r"cannot write firewalld's files: .*surrogates"):
        files.write(compare_files({}, {"policies/jsa-in.xml": MARK + "\ud800"}))
    assert files.read() == {}


BOMB = '<!DOCTYPE a [<!ENTITY e0 "lol">{}]><policy>{}&e9;</policy>'.format(
    "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 10)), MARK
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        f'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><policy>{MARK}&e;</policy>',
        f"<policy>{MARK}{'<a>' * 50_000}{'</a>' * 50_000}</policy>",
        f'<?xml version="1.0" encoding="nope"?><policy>{MARK}</policy>',
        f'<?xml version="1.0" encoding="utf-16"?><policy>{MARK}</policy>',
        f'<?xml version="1.0" encoding="big5"?><policy>{MARK}</policy>',
        f'<policy priority="{"9" * 5000}">{MARK}</policy>',
        f'<policy>{MARK}<rule priority="x"><accept/></rule></policy>',
        f"<policy>{MARK}\udcff</policy>",
        f"<policy>{MARK}\ud800</policy>",
        f"<policy>{MARK}\x00</policy>",
    ],
    ids=lambda text: text[:30],
)
@NAMES
def test_a_file_of_ours_that_cannot_be_understood_is_replaced(text: str, name: str) -> None:
    found = read_object(name, text)
    assert found.mine
    assert found.content is None


@given(st.text())
@NAMES
def test_no_text_is_too_odd(name: str, text: str) -> None:
    for whole in (text, MARK + text, f"<policy>{MARK}{text}</policy>", f"<ipset type='hash:net'>{MARK}{text}</ipset>"):
        ruleset_of({name: read_object(name, whole)})
