# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is compared, and the product's program. What real appliances' parts do, the lab's tests see."""

from __future__ import annotations

import subprocess
import time

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance import explain
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.files import Files
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.parse import read_rules
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.product import Product
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError

ONE = '-A INPUT -p tcp --dport 22 -m comment --comment "jsa.ports: ssh" -j ACCEPT\n'
TWO = '-A INPUT -p tcp --dport 22 -m comment --comment "jsa.ports: ssh" -j REJECT --reject-with icmp-admin-prohibited\n'
LAST = '-A INPUT -m comment --comment "jsa.ports: unlisted" -j DROP\n'
#: Should the code ever run the real program as root, this changes nothing: there is no such chain.
NOWHERE = "-A jsa-no-such-chain -j DROP"
SITE = "-A INPUT -p udp --dport 514 -j DROP\n"
WANTED = {"iptables.pre": ONE + TWO, "iptables.post": LAST}


@pytest.mark.parametrize(
    ("live", "words"),
    [
        (SITE + ONE + TWO + SITE + LAST, []),
        (ONE + TWO + LAST + SITE, []),
        (TWO + ONE + LAST, ["order"]),
        (ONE + TWO + LAST + LAST, ["more than once"]),
        (ONE + SITE + TWO + LAST, ["a rule that is not from jsa.ports is among its rules"]),
        (ONE + LAST, ["is missing"]),
        (ONE + TWO + LAST.replace("DROP", "ACCEPT"), ["is missing", "is unexpected"]),
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


def test_one_whose_run_was_killed_is_ended_when_its_time_is_over(tmp_path: Path) -> None:
    with (tmp_path / "running").open("w") as handle:
        subprocess.run(["flock", "-x", str(handle.fileno())], pass_fds=[handle.fileno()], check=True)
        orphan = subprocess.Popen(["sleep", "600"], pass_fds=[handle.fileno()], start_new_session=True)
        handle.write(f"{orphan.pid}\n")
    product(tmp_path, "exit 0", seconds=1).quiet()
    assert orphan.wait(timeout=60) == -9


def test_what_is_left_running_for_good_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """It has left the group whose number is known, and holds the lock still."""
    with (tmp_path / "running").open("w") as handle:
        subprocess.run(["flock", "-x", str(handle.fileno())], pass_fds=[handle.fileno()], check=True)
        product(tmp_path, "exit 0", seconds=0).quiet()


def test_the_kernel_is_changed_by_the_program_that_was_found(tmp_path: Path) -> None:
    restore = tmp_path / "found" / "ip6tables-restore"
    restore.parent.mkdir()
    restore.write_text(
        f"""#!/bin/sh
echo "$@" >{tmp_path}/arguments
cat >{tmp_path}/told
[ "$(wc -l <{tmp_path}/told)" = 3 ]
"""
    )
    restore.chmod(0o755)
    found = Product(str(tmp_path), find=lambda name: str(restore) if name == restore.name else None)
    found.change_rules(IPV6, [NOWHERE])
    assert (tmp_path / "told").read_text() == f"*filter\n{NOWHERE}\nCOMMIT\n"
    # Whatever else is in the kernel stays.
    assert "--noflush" in (tmp_path / "arguments").read_text().split()
    with pytest.raises(CommandError):
        found.change_rules(IPV6, [NOWHERE, NOWHERE])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("-s 10.0.0.5/24", "-s 10.0.0.0/24", True),
        ("-s 10.0.0.5", "-s 10.0.0.5/32", True),
        ("-s 10.0.0.5", "-s 10.0.0.0/24", False),
        ("--ctstate RELATED,ESTABLISHED", "--ctstate ESTABLISHED,RELATED", True),
        ("-p 6 -m tcp --dport 22", "-p tcp --dport 22", True),
        ("! -s 10.0.0.5", "-s 10.0.0.5", False),
        ("! -s 10.0.0.5 -p tcp", "-s 10.0.0.5 ! -p tcp", False),
    ],
)
def test_rules_that_say_the_same(one: str, other: str, same: bool) -> None:
    forms = [line.form for line in read_rules(f"-A INPUT {one} -j ACCEPT\n-A INPUT {other} -j ACCEPT\n")]
    assert (forms[0] == forms[1]) == same


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
    found, warning = explain.without_ipv6(host, str(tmp_path / "if_inet6"))
    assert found == word
    assert bool(warning) == (word == "not filtered")
