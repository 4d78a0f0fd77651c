# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever others put into the chain INPUT is read, told from ours, and taken back among ours: no rule ends a timer."""

from __future__ import annotations

from pathlib import Path

import pytest

from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance import explain
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.parse import (
    policy_of,
    read_rules,
    running_rules,
)
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._backends.appliance.test_go_back import (
    CANDIDATE,
    COMMITTED,
    PRODUCT,
    generated,
    host,
)
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.odd_rules import CHOSEN, MATCHES, saved

OURS = (
    '-A INPUT -i lo -m comment --comment "jsa.ports: loopback" -j ACCEPT\n'
    '-A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 22 -m comment --comment "jsa.ports: ssh" -j ACCEPT\n'
    '-A INPUT -p tcp -m multiport --dports 1,5432 -m comment --comment "jsa.ports: a, b" -j REJECT --reject-with x\n'
)
BODIES = {"iptables.pre": OURS}


def compared(*lines: str) -> list[str]:
    """What differs in the kernel from OURS, with *lines* behind the first of them."""
    first, *rest = OURS.splitlines(keepends=True)
    return verbs.compare_live(BODIES, IPV4, generated(first + "".join(f"{line}\n" for line in lines) + "".join(rest)))


def test_without_others_nothing_differs() -> None:
    assert compared() == []


@given(MATCHES)
@example('-m comment --comment "--- maintenance ---" -j ACCEPT')
@example("-m comment --comment -s -j ACCEPT")
@example("-m comment --comment ! -j ACCEPT")
@example("")
def test_a_rule_among_ours_is_always_seen(rule: str) -> None:
    assert compared(f"-A INPUT {rule}")


@given(CHOSEN)
def test_a_comment_is_a_comment(comment: str) -> None:
    """Whose rule it is, nothing else in it can say."""
    line = f"-A INPUT -s 10.0.0.1/32 -m comment --comment {saved(comment)} -j ACCEPT"
    (found,) = running_rules(generated(f"{line}\n"))
    assert found.text == line.strip(" \t\r\n")
    assert found.ours == (comment == "jsa.ports" or comment.startswith("jsa.ports: "))


@pytest.mark.parametrize(
    "change",
    [
        ("-s 10.0.0.0/24", "-s 10.0.0.0/0.0.0.255"),
        ("-s 10.0.0.0/24", "-s 10.0.0.0/255.0.255.0"),
        ("-s 10.0.0.0/24", "! -s 10.0.0.0/24"),
        ("-p tcp -m tcp", "-p tcp -m rpfilter -m tcp"),
        ("--dport 22", "! --dport 22"),
        ("--dport 22", "--dport 22 -m limit --limit 1/min"),
        ("--dport 22", "--dport 22 -i -s"),
    ],
)
def test_one_of_ours_that_somebody_changed_is_not_ours_as_it_was(change: tuple[str, str]) -> None:
    assert verbs.compare_live(BODIES, IPV4, generated(OURS.replace(*change)))


@given(st.text() | st.lists(MATCHES).map(lambda rules: "\n".join(f"-A INPUT {rule}" for rule in rules)))
def test_no_text_is_too_odd(text: str) -> None:
    for whole in (text, f"*filter\n-A INPUT {text}\nCOMMIT\n"):
        assert isinstance(verbs.compare_live({}, IPV4, whole), list)
        assert isinstance(verbs.compare_live({"iptables.pre": whole}, IPV4, generated("")), list)
        assert all(isinstance(line.form, tuple) for line in read_rules(whole))
        assert isinstance(policy_of(whole), str)


ODD = (
    '-A INPUT -m comment --comment "--- maintenance ---" -j ACCEPT\n'
    "-A INPUT -m comment --comment -s -j ACCEPT\n"
    '-A INPUT -m comment --comment "two\n-A INPUT -j DROP" -j ACCEPT\n'
    "-A INPUT -s 10.0.1.0/255.0.255.0 -j ACCEPT\n"
)


@pytest.mark.parametrize("manner", ["works", "fails"])
def test_the_way_back(tmp_path: Path, manner: str) -> None:
    appliance, product = host(tmp_path, CANDIDATE + ODD + PRODUCT, manner)
    before = generated(COMMITTED + PRODUCT)
    (tmp_path / "iptables").write_text(generated(CANDIDATE + PRODUCT))
    verbs.go_back(appliance, {"iptables.pre": COMMITTED}, {str(tmp_path / "iptables"): before})
    assert [line.text for line in running_rules(product.live) if line.ours] == [COMMITTED.strip()]
    assert explain.differences(appliance, verbs.read(appliance), {"iptables.pre": COMMITTED}) == []


def test_what_iptables_restore_cannot_read_back_goes_by_its_number(tmp_path: Path) -> None:
    """Somebody has copied our mark, and more."""
    odd = '-A INPUT -m comment --comment "jsa.ports: two\nlines" -j ACCEPT\n'
    appliance, product = host(tmp_path, PRODUCT + odd + CANDIDATE, "fails")
    verbs.repair(appliance, IPV4, {"iptables.pre": COMMITTED})
    assert product.changes == [
        ["-D INPUT 2", f"-D {CANDIDATE[2:].strip()}", f"-I INPUT 2{COMMITTED.removeprefix('-A INPUT').rstrip()}"]
    ]


def test_a_line_of_others_in_our_block_of_the_committed_files_is_not_ours_to_prove(tmp_path: Path) -> None:
    """The product loads it in whatever form; the way back ends all the same."""
    appliance, product = host(tmp_path, COMMITTED + PRODUCT, "fails")
    text = generated(COMMITTED + PRODUCT)
    (tmp_path / "iptables").write_text(text)
    body = COMMITTED + "-A INPUT -s 10.99.0.1 -j ACCEPT\n"
    assert verbs.go_back(appliance, {"iptables.pre": body}, {str(tmp_path / "iptables"): text}) == ""
    assert product.updates == 0


def test_whatever_the_program_trips_over_the_kernel_is_repaired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory() -> None:
        raise OSError(28, "No space left on device")

    appliance, product = host(tmp_path, CANDIDATE + PRODUCT, "works")
    monkeypatch.setattr(product, "quiet", no_memory)
    verbs.go_back(appliance, {"iptables.pre": COMMITTED}, {})
    assert "--dport 22" in product.live
    assert "--dport 23" not in product.live
