# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules beside ours on an appliance: by where they stand in the chain, not by where their lines stand in a file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.ahead import beside_warnings
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.apply import Situation
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.files import Files
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.placing import before_ours, files_rules
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4

OURS = (
    '-A INPUT -i lo -m comment --comment "jsa.ports: loopback" -j ACCEPT\n'
    '-A INPUT -p udp --dport 514 -m comment --comment "jsa.ports: syslog" -j ACCEPT\n'
    '-A INPUT -s 10.0.0.3/32 -p tcp --dport 32006 -m comment --comment "jsa.ports: ariel" -j ACCEPT\n'
    '-A INPUT -p tcp -m multiport --dports 5432,32000:32010 -m comment --comment "jsa.ports: x" -j REJECT '
    "--reject-with icmp-admin-prohibited\n"
)
LAST = '-A INPUT -m comment --comment "jsa.ports: unlisted" -j DROP\n'
BLOCK = f"# BEGIN jsa.ports\n{OURS}# END jsa.ports\n"
OPEN = "-A INPUT -p tcp --dport 5432 -j ACCEPT"
INSERT = "-I INPUT 1 -p tcp --dport 5432 -j ACCEPT"
#: As the kernel shows both.
KERNEL = "-A INPUT -p tcp -m tcp --dport 5432 -j ACCEPT\n"
PRODUCT = "-A INPUT -j QChain\n-A QChain -p tcp -m tcp --dport 5432 -j ACCEPT\n"


def told(folder: Path, pre: str, live: str = "", post: str = "", generated: str = "", **wanted: str) -> list[str]:
    """The warnings, without what is the same in each."""
    (folder / "iptables.pre").write_text(pre)
    (folder / "iptables.post").write_text(post)
    files = Files(str(folder), {IPV4: "/generated"})
    host: Any = SimpleNamespace(files=files, families=[IPV4])
    situation = Situation({}, {IPV4: f"*filter\n:INPUT ACCEPT\n{live}COMMIT\n"}, {"/generated": generated})
    bodies = {"iptables.pre": OURS, **{name.replace("_", "."): text for name, text in wanted.items()}}
    return [text.replace(str(folder) + "/", "") for text in beside_warnings(host, situation, bodies)]


AHEAD = "{} (IPv4) is evaluated before the rules of the plan, so the plan does not hold for its packets: {}"
NO_EFFECT = (
    "{} (IPv4) has no effect, because the rules of the plan are evaluated before it and decide on all of its "
    "packets: {}"
)
SITE = "A rule of the site in iptables.pre"


class TestAhead:
    @pytest.mark.parametrize(
        "pre",
        [
            f"{OPEN}\n{BLOCK}",
            f"{BLOCK}{INSERT}\n",
            f"{BLOCK}-I INPUT -p tcp --dport 5432 -j ACCEPT\n",
            f"{BLOCK}--insert INPUT 2 -p tcp --dport 5432 -j ACCEPT\n-D INPUT 1\n",
            f"*nat\n-A INPUT -j ACCEPT\n*filter\n{OPEN}\n",
        ],
    )
    def test_in_the_files_before_they_are_loaded(self, tmp_path: Path, pre: str) -> None:
        assert told(tmp_path, pre) == [AHEAD.format(SITE, OPEN)]

    def test_in_the_files_behind_the_product_s_rules(self, tmp_path: Path) -> None:
        assert told(tmp_path, BLOCK, post=INSERT) == [AHEAD.format("A rule of the site in iptables.post", OPEN)]

    def test_in_the_kernel(self, tmp_path: Path) -> None:
        """Told once, by the words of the kernel, with the file where one has it."""
        assert told(tmp_path, BLOCK + INSERT, KERNEL + OURS) == [AHEAD.format(SITE, KERNEL.strip())]

    def test_added_to_what_runs(self, tmp_path: Path) -> None:
        found = told(tmp_path, BLOCK, KERNEL + OURS)
        assert found == [AHEAD.format("A running rule that is in no file of the product", KERNEL.strip())]

    def test_the_product_s_own(self, tmp_path: Path) -> None:
        found = told(tmp_path, BLOCK, KERNEL + OURS, generated=KERNEL + OURS)
        assert found == [AHEAD.format("A rule of the product", KERNEL.strip())]

    def test_a_line_that_was_added_and_is_not_loaded_yet(self, tmp_path: Path) -> None:
        assert told(tmp_path, BLOCK + INSERT, OURS) == [AHEAD.format(SITE, OPEN)]

    @pytest.mark.parametrize(
        "rule",
        [
            "-A INPUT -i lo -j ACCEPT\n",
            "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n",
            "-A INPUT -m state --state ESTABLISHED -j ACCEPT\n",
            "-A INPUT -p tcp -j LOG --log-prefix x\n",
            "-A INPUT -p tcp\n",
            ":NOTHING - [0:0]\n-A INPUT -p tcp -j NOTHING\n",
            ":WATCH - [0:0]\n-A INPUT -j WATCH\n-A WATCH -j LOG\n-A WATCH -j RETURN\n",
        ],
    )
    def test_what_decides_nothing_else_than_ours(self, tmp_path: Path, rule: str) -> None:
        assert told(tmp_path, rule + BLOCK, rule + OURS) == []

    @pytest.mark.parametrize(
        "rule",
        [
            "-A INPUT -s 10.1.1.1/32 -j DROP\n",
            "-A INPUT -m state --state NEW -j ACCEPT\n",
            "-A INPUT -i eth0 -j SITE\n-A SITE -j INNER\n-A INNER -p tcp -j DROP\n",
            "-A INPUT -p tcp -m mark ! --mark 0x1/0xff -j TARPIT\n",
            "-A INPUT -m recent --update --seconds 60 --name 'it is' -j REJECT --reject-with tcp-reset\n",
        ],
    )
    def test_what_decides(self, tmp_path: Path, rule: str) -> None:
        first = rule.splitlines()[0]
        assert told(tmp_path, BLOCK, rule + OURS) == [
            AHEAD.format("A running rule that is in no file of the product", first)
        ]

    def test_a_chain_that_is_not_loaded_yet(self, tmp_path: Path) -> None:
        pre = f"{BLOCK}-N site\n-A site -p tcp -j DROP\n-I INPUT -p tcp -j site\n"
        assert told(tmp_path, pre, OURS) == [AHEAD.format(SITE, "-A INPUT -p tcp -j site")]

    def test_chains_that_go_in_circles(self, tmp_path: Path) -> None:
        assert len(told(tmp_path, BLOCK, f"-A INPUT -j A\n-A A -j B\n-A B -j A\n{OURS}")) == 1


class TestWithoutEffect:
    @pytest.mark.parametrize(
        "rule",
        [
            OPEN,
            "-A INPUT -s 10.77.0.99 -p udp -m udp --dport 514 -j DROP",
            "-A INPUT -p tcp -m multiport --dports 5432,32001:32003 -j LOG",
            "-A INPUT -p tcp --dport 32006 -j ACCEPT",
        ],
    )
    def test_behind_the_block(self, tmp_path: Path, rule: str) -> None:
        assert told(tmp_path, f"{BLOCK}{rule}\n") == [NO_EFFECT.format(SITE, rule)]

    @pytest.mark.parametrize(
        "rule",
        [
            "-A INPUT -p tcp --dport 9100 -j ACCEPT",
            "-A INPUT -p tcp -m multiport --dports 5432,9100 -j ACCEPT",
            "-A INPUT -p tcp ! --dport 5432 -j ACCEPT",
            "-A INPUT -p tcp --dport postgres -j ACCEPT",
            "-A INPUT -s 10.77.0.99 -j DROP",
            "-A INPUT -p udp --dport 5432 -j ACCEPT",
            "-A OUTPUT -p tcp --dport 5432 -j DROP",
        ],
    )
    def test_what_has_one(self, tmp_path: Path, rule: str) -> None:
        assert told(tmp_path, f"{BLOCK}{rule}\n", OURS + rule + "\n") == []

    def test_everything_behind_the_last_rule(self, tmp_path: Path) -> None:
        rule = "-A INPUT -p tcp --dport 9100 -j ACCEPT"
        post = f"-A INPUT -p tcp --dport 1 -j ACCEPT\n# BEGIN jsa.ports\n{LAST}# END jsa.ports\n{rule}\n"
        assert told(tmp_path, BLOCK, post=post, iptables_post=LAST) == [
            NO_EFFECT.format("A rule of the site in iptables.post", rule)
        ]

    def test_added_to_what_runs(self, tmp_path: Path) -> None:
        assert told(tmp_path, BLOCK, OURS + KERNEL) == [
            NO_EFFECT.format("A running rule that is in no file of the product", KERNEL.strip())
        ]

    def test_the_product_s_own_are_left_alone(self, tmp_path: Path) -> None:
        assert told(tmp_path, BLOCK, OURS + KERNEL + PRODUCT, generated=OURS + KERNEL + PRODUCT) == []


def test_nothing_of_ours_is_wanted(tmp_path: Path) -> None:
    host: Any = SimpleNamespace(families=[IPV4])
    assert beside_warnings(host, Situation({}, {}, {}), {}) == []


@pytest.mark.parametrize(
    ("lines", "order"),
    [
        (["-A INPUT -j A", "-I INPUT 2 -j B", "-I INPUT -j C"], "CAB"),
        (["-A INPUT -j A", "-I INPUT 9 -j B", "-R INPUT 1 -j D"], "DB"),
        (["-A INPUT -j A", "-A INPUT -j B", "-D INPUT -j A", "-D INPUT -j Z"], "B"),
        (["-A INPUT -j A", "-F INPUT", "-A INPUT -j B", "-F OTHER", "-X"], "B"),
        (["-A INPUT -j A", "-F", "-A INPUT -j B"], "B"),
        (["-D INPUT 5", "-R INPUT 5 -j A", "", "#", "-I", "-I INPUT", "-N X", "nonsense"], ""),
    ],
)
def test_lines_are_commands(tmp_path: Path, lines: list[str], order: str) -> None:
    (tmp_path / "iptables.pre").write_text("\n".join(lines))
    placed = files_rules(Files(str(tmp_path), {}), {}, IPV4)
    assert "".join(dict(one.line.form)["-j"][0] for one in placed) == order
    assert before_ours([one.line for one in placed]) == [one.line for one in placed]
