# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is compared, and the product's program. What real appliances' parts do, the lab's tests see."""

from __future__ import annotations

import subprocess
import time

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._appliance import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._appliance.files import Files
from ansible_collections.jsa.ports.plugins.module_utils._appliance.product import Product
from ansible_collections.jsa.ports.plugins.module_utils._firewalld.model import IPV4
from ansible_collections.jsa.ports.plugins.module_utils._programs import CommandError

ONE = '-A INPUT -p tcp --dport 22 -m comment --comment "jsa.ports: ssh" -j ACCEPT\n'
TWO = '-A INPUT -p tcp --dport 22 -m comment --comment "jsa.ports: ssh" -j REJECT --reject-with icmp-admin-prohibited\n'
LAST = '-A INPUT -m comment --comment "jsa.ports: unlisted" -j DROP\n'
SITE = "-A INPUT -p udp --dport 514 -j DROP\n"
WANTED = {"iptables.pre": ONE + TWO, "iptables.post": LAST}


@pytest.mark.parametrize(
    ("live", "words"),
    [
        (SITE + ONE + TWO + SITE + LAST, []),
        (ONE + TWO + LAST + SITE, []),
        (TWO + ONE + LAST, ["order"]),
        (ONE + TWO + LAST + LAST, ["more than once"]),
        (ONE + SITE + TWO + LAST, ["somebody else's stands among ours"]),
        (ONE + LAST, ["is missing"]),
        (ONE + TWO + LAST.replace("DROP", "ACCEPT"), ["is missing", "nobody asked for it"]),
        ("", ["is missing"] * 3),
    ],
)
def test_what_runs_is_proven_rule_by_rule(live: str, words: list[str]) -> None:
    found = verbs.compare_live(WANTED, IPV4, f"*filter\n:INPUT ACCEPT [0:0]\n{live}COMMIT\n")
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def product(root: Path, body: str, seconds: int = 20) -> Product:
    program = root / "bin" / "iptables_update.pl"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return Product(str(root), running=str(root / "running"), seconds=seconds)


def test_its_words_are_told(tmp_path: Path) -> None:
    product(tmp_path, "exit 0").update()
    with pytest.raises(CommandError, match=r"exit code 3\. no licence"):
        product(tmp_path, "echo no licence; exit 3").update()


def test_one_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no end after 1 s"):
        product(tmp_path, f"sleep 600 & echo $! >{tmp_path}/child; wait", seconds=1).update()
    child = (tmp_path / "child").read_text().strip()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_whoever_looks_waits_for_one_whose_run_was_killed(tmp_path: Path) -> None:
    slow = product(tmp_path, f"sleep 1; touch {tmp_path}/done")
    with (tmp_path / "running").open("w") as handle:
        subprocess.run(["flock", "-x", str(handle.fileno())], pass_fds=[handle.fileno()], check=True)
        orphan = subprocess.Popen([slow.update_program], pass_fds=[handle.fileno()], start_new_session=True)
    slow.quiet()
    assert (tmp_path / "done").exists()
    orphan.wait()


@pytest.mark.parametrize(
    ("addresses", "word"),
    [
        ("00000000000000000000000000000001 01 80 10 80 lo\nfe80000000000000 02 40 20 80 eth0\n", "not in use"),
        ("fd770000000000000000000000000011 02 40 00 80 eth0\n", "not filtered"),
    ],
)
def test_ipv6_that_cannot_be_written(tmp_path: Path, addresses: str, word: str) -> None:
    (tmp_path / "if_inet6").write_text(addresses)
    host = verbs.Host(Product(str(tmp_path), find=lambda name: None), Files(str(tmp_path), {}))
    found, warning = verbs.without_ipv6(host, str(tmp_path / "if_inet6"))
    assert found == word
    assert bool(warning) == (word == "not filtered")
