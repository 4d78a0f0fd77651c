# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What iptables-save prints, taken apart again, whatever somebody has chosen for a comment."""

from __future__ import annotations

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._host import saved_rules
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.odd_rules import CHOSEN, MATCHES, saved


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("-s 10.0.0.1/32 -p tcp -m tcp --dport 22", {"-s": ["10.0.0.1/32"], "-p": ["tcp"], "--dport": ["22"]}),
        ("! -s 10.0.0.0/8 -p ! tcp", {"! -s": ["10.0.0.0/8"], "-p": ["! tcp"]}),
        ("-m comment --comment -s -j ACCEPT", {"--comment": ["-s"], "-j": ["ACCEPT"]}),
        ("-m comment --comment ! -j ACCEPT", {"--comment": ["!"], "-j": ["ACCEPT"]}),
        ('-m comment --comment "--- maintenance ---" -j DROP', {"--comment": ["--- maintenance ---"], "-j": ["DROP"]}),
        ('-m comment --comment "a \\"b\\" \\\\ c" -j DROP', {"--comment": ['a "b" \\ c'], "-j": ["DROP"]}),
        ("-m rpfilter -m tcp --dport 1", {"-m": ["rpfilter"], "--dport": ["1"]}),
        ("-m comment --comment", {"--comment": []}),
        ("x !", {"": ["x", "!"]}),
        ("-i a'b -j ACCEPT", {"-i": ["a'b"], "-j": ["ACCEPT"]}),
        ('-i a"b -j ACCEPT', {"-i": ['a"b'], "-j": ["ACCEPT"]}),
        ("- --", {"": ["-"], "--": []}),
    ],
)
def test_options(line: str, options: dict[str, list[str]]) -> None:
    assert saved_rules.options(saved_rules.words(line)) == options


@given(CHOSEN.filter(lambda text: "\r" not in text), st.sampled_from(["--comment", "--log-prefix", "--string"]))
def test_what_somebody_chose_comes_back(text: str, option: str) -> None:
    line = f"-A INPUT -s 10.0.0.1/32 {option} {saved(text)} -j ACCEPT"
    saved_text = f"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n{line}\n-A INPUT -j DROP\nCOMMIT\n"
    assert saved_rules.lines(saved_text) == [
        "*filter", ":INPUT ACCEPT [0:0]", "-A INPUT -i lo -j ACCEPT", line, "-A INPUT -j DROP", "COMMIT", ""
    ]  # fmt: skip
    words = saved_rules.words(line)
    assert words == ["-A", "INPUT", "-s", "10.0.0.1/32", option, text, "-j", "ACCEPT"]
    assert saved_rules.options(words[2:]) == {"-s": ["10.0.0.1/32"], option: [text], "-j": ["ACCEPT"]}


@given(st.text() | MATCHES)
def test_no_text_is_too_odd(text: str) -> None:
    assert "\n".join(saved_rules.lines(text)) == text
    found = saved_rules.options(saved_rules.words(text))
    assert all(isinstance(value, str) for values in found.values() for value in values)


def test_a_quote_that_never_ends_keeps_the_rules_behind_it() -> None:
    text = '-A INPUT -m comment --comment "open\n-A INPUT -j DROP'
    assert saved_rules.lines(text) == text.split("\n")


@pytest.mark.parametrize(
    ("text", "network"),
    [("10.0.0.1", "10.0.0.1/32"), ("fd00::1", "fd00::1/128"), ("10.0.0.0/8", "10.0.0.0/8")],
)
def test_networks(text: str, network: str) -> None:
    assert saved_rules.network(text) == network


@pytest.mark.parametrize("text", ["10.0.1.0/255.0.255.0", "10.0.1.0/0.0.0.255", "fd00::/ffff::ffff", "x", ""])
def test_masks_with_holes_are_no_networks(text: str) -> None:
    with pytest.raises(ValueError, match=r"mask|does not appear"):
        saved_rules.network(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", False),
        ("*filter\n:INPUT DROP [0:0]\nCOMMIT\n", True),
        ("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n", False),
        ("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j REJECT --reject-with icmp-host-prohibited\nCOMMIT\n", True),
        ("", False),
    ],
)
def test_whether_anything_is_kept_away(text: str, kept: bool) -> None:
    assert saved_rules.keeps_away(text) is kept
