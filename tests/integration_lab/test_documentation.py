# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages give to copy is done as it stands, page by page, by a reader with an empty folder and real hosts.

The collection is the one that the README's own lines build and install. The hosts are those of its first inventory,
and JSA runs on them. Nothing of a page is skipped but what stands in ELSEWHERE.
"""

from __future__ import annotations

import fnmatch
import functools
import json
import os
import re
import sys

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lab import Lab

from ansible_collections.jsa.ports.tests import pages
from ansible_collections.jsa.ports.tests.pages import PAGES, ROOT, Item, documented
from ansible_collections.jsa.ports.tests.tree import copy_project

#: What is not run here, as page and pattern, and why. One that fits nothing any more is an error.
ELSEWHERE = {
    ("*", "*make *"): "of a checkout: CI runs make test, and tests/unit/docs/test_names.py knows every target",
    ("README.md", "make build *\ncd dist *"): "the fixture lab runs it, once for all pages",
    ("README.md", "ansible-galaxy collection install -r *"): "asks Galaxy",
    ("*", "ansible-galaxy collection install jsa.ports"): "asks Galaxy",
    ("README.md", "ansible-galaxy collection install git+https*"): "asks GitHub",
    ("README.md", "ansible-galaxy collection install git+file*"): "needs a checkout",
    ("README.md", "ansible-galaxy collection install jsa-ports-[*].tar.gz"): "the fixture lab runs it",
    ("README.md", "# requirements.yml*"): "asks Galaxy; tests/unit/docs/test_examples.py compares it with galaxy.yml",
    ("CONTRIBUTING.md", "ansible-galaxy collection publish *"): "asks Galaxy",
    ("README.md", "ansible-playbook jsa.ports.verdicts *"): "needs the files of several runs: see test_slices.py",
    ("README.md", "ansible-playbook jsa.ports.observe_here *"): "runs on a host of a plan, as test_slices.py does",
    ("docs/slices.md", "*"): "needs several controllers and hosts that pull: test_slices.py does the same",
    ("docs/awx.md", "ansible-navigator *"): "needs an image, so a registry",
    ("docs/ci.md", "git diff"): "a name; the workflows' own line is run",
    ("docs/console.md", "*"): "needs a console; tests/unit/console does the same with a stand-in",
    ("docs/in_use.md", "- protocol: tcp*"): "what comes back, which tests/unit/docs/test_examples.py compares",
    ("docs/offline.md", "ansible-galaxy collection download *"): "asks Galaxy and a package index",
    ("docs/verdicts.md", "ansible-playbook jsa.ports.check -i INVENTORY"): "the README's line, which is run there",
    ("docs/performance.md", "ansible -m*"): "says what is measured",
}
PLAN = "ansible-playbook jsa.ports.plan -i hosts.yml"
FIREWALL = "ansible-playbook jsa.ports.site -i hosts.yml --tags firewall"
#: What the reader has done before, by page.
BEFORE = {
    "README.md": [
        "grep -v ec1 hosts.yml > before.yml",
        "ansible-playbook jsa.ports.plan -i before.yml -e jsa_plan_dest=old.json",
    ],
    "docs/add-host.md": [
        "grep -v ec1 hosts.yml > before.yml",
        "ansible-playbook jsa.ports.site -i before.yml --tags plan,firewall -e jsa_plan_dest=plan.json",
    ],
    "docs/change-request.md": [
        "grep -v ec1 hosts.yml > before.yml",
        "ansible-playbook jsa.ports.plan -i before.yml -e jsa_plan_dest=old.json",
        FIREWALL,
    ],
    "docs/ci.md": [
        f"{FIREWALL},plan -e jsa_plan_dest=plan.json",
        "git init -q . && git add plan.json && git -c user.name=t -c user.email=t@example.com commit -qm plan",
    ],
    # What is gone back to must let the page's probe through.
    "docs/confirm.md": [FIREWALL, f"{FIREWALL} -e jsa_firewall_unlisted=reject"],
    "docs/offline.md": ["mkdir bundle && cp $DIST/jsa-ports-*.tar.gz bundle"],
    "docs/plan.md": [f"{PLAN} -e jsa_plan_dest=old.json", "cp longer.yml hosts.yml"],
    "docs/preflight.md": [FIREWALL],
    "docs/unknown.md": ["ansible-playbook jsa.ports.remove -i hosts.yml"],
    "roles/jsa_port_check/README.md": [FIREWALL],
}
#: What the reader puts in.
PUTS_IN = {"INVENTORY": "hosts.yml", "NEW": "ec1", "{{ vault_proxy_password | urlencode }}": "secret"}
#: Variables that are not for all hosts, as page and group.
FOR_GROUP = {"docs/confirm.md": "jsa_processors"}
#: What is right to fail, as page and command, and what it says then.
FAILS = {
    ("README.md", "ansible-playbook jsa.ports.outward -i hosts.yml"): "name_not_resolved",
    # Before and after the page's own variables.
    ("docs/outward.md", "ansible-playbook jsa.ports.outward -i INVENTORY"): "see the table above for the causes",
    ("docs/unknown.md", "ansible-playbook jsa.ports.check -i hosts.yml -e jsa_port_check_dest=result"): "host_firewall",
}
#: What a command says that does not fail, where the page shows it.
SAYS = {
    ("docs/add-host.md", "ansible-playbook jsa.ports.diff -i hosts.yml -e from=plan.json"): (
        "  + ec1 (10.0.1.1) → con1: tcp 443 Apache HTTPS\n"
    ),
    ("docs/plan.md", "ansible-playbook jsa.ports.why -i INVENTORY -e from=ec1 -e to=con1 -e dport=443/tcp"): (
        "con1 443/tcp from ec1: refused\n"
        "  not by https (Apache HTTPS): ec1 is encrypted: an SSH tunnel carries it over port 22; con1 does not have "
        "the feature wincollect (jsa_features)\n"
    ),
}
ROLES = ("jsa_port_check", "jsa_preflight")


def elsewhere(item: Item) -> list[tuple[str, str]]:
    return [
        (page, pattern)
        for page, pattern in ELSEWHERE
        if fnmatch.fnmatchcase(item.page, page) and fnmatch.fnmatchcase(item.text, pattern)
    ]


@functools.cache
def to_do(page: str) -> list[Item]:
    """Each thing once: GitHub's lines are GitLab's, too."""
    return list(dict.fromkeys(item for item in pages.items(page) if not elsewhere(item)))


def inventories() -> tuple[str, str]:
    short, longer = [
        item.text
        for page in ("README.md", "docs/variables.md")
        for item in pages.items(page)
        if item.kind == "inventory"
    ]
    return short, longer


class Reader:
    """Somebody who does in a folder what a page says."""

    def __init__(self, lab: Lab, home: Path, folder: Path) -> None:
        self.lab, self.home, self.folder = lab, home, folder
        self.last = Item("", "command", PLAN)
        for name, text in zip(("hosts.yml", "longer.yml"), inventories(), strict=True):
            self.write(name, text)
        # How a lab's host is reached stands where a site's own would. Nobody here needs patience, or is spared.
        quick = {f"{role}_{name}": value for role in ROLES for name, value in (("timeout", 1), ("rate", 0))}
        for host, variables in json.loads(lab.state.inventory.read_text())["all"]["hosts"].items():
            self.write(f"host_vars/{host}.json", json.dumps({**variables, **quick, "jsa_outward_timeout": 1}))

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def shell(self, line: str) -> tuple[int, str]:
        own = self.lab.ansible_environment()
        del own["ANSIBLE_COLLECTIONS_PATH"]
        programs = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
        own |= {"PATH": programs, "HOME": str(self.home), "ANSIBLE_HOME": str(self.home / ".ansible")}
        own["DIST"] = str(self.home / "checkout" / "dist")
        # Whatever the tests themselves need to find the collection must not help here.
        command = ["env", "--unset=PYTHONPATH", "bash", "-e", "-o", "pipefail", "-c", f"cd {self.folder}\n{line}"]
        done = self.lab.run(None, command, environment=own, timeout=600)
        return done.returncode, f"$ {line}\n{done.stdout}{done.stderr}"

    def succeed(self, line: str) -> str:
        code, told = self.shell(line)
        assert code == 0, told
        return told

    def do(self, item: Item) -> None:
        text = item.text
        for word, own in PUTS_IN.items():
            text = text.replace(word, own)
        getattr(self, f"do_{item.kind}")(text, item)

    def do_command(self, text: str, item: Item) -> None:
        self.last = item
        failing = FAILS.get((item.page, item.text))
        code, told = self.shell(text)
        assert (code == 0) == (failing is None), told
        assert (failing or SAYS.get((item.page, item.text), "")) in told, told

    def do_lookup(self, text: str, item: Item) -> None:
        expression = text.replace("'", '"')
        told = self.succeed(f"ansible localhost -m ansible.builtin.debug -a 'msg={{{{ {expression} }}}}'")
        assert '"purpose"' in told

    def do_inventory(self, text: str, item: Item) -> None:
        self.write("new.yml", text)
        told = self.succeed(PLAN.replace("hosts.yml", "new.yml"))
        # Whoever has not chosen yet is told of the random ports of the broker, as the README says.
        assert all("row 24" in text for text in re.findall(r"\[WARNING\]: (.*)", told)), told

    def do_variables(self, text: str, item: Item) -> None:
        """They go into the inventory, networks beside those that are there. Then the last command is given again."""
        variables = yaml.safe_load(text)
        if "jsa_networks" in variables:
            there = yaml.safe_load((self.folder / "hosts.yml").read_text())["all"]["vars"]["jsa_networks"]
            variables["jsa_networks"] = {**there, **variables["jsa_networks"]}
        self.write(f"group_vars/{FOR_GROUP.get(item.page, 'all')}.yml", yaml.safe_dump(variables))
        self.do(self.last)

    def do_playbook(self, text: str, item: Item) -> None:
        self.write("playbook.yml", text)
        self.succeed("ansible-playbook -i hosts.yml playbook.yml")

    def do_tasks(self, text: str, item: Item) -> None:
        play = [{"hosts": "all", "gather_facts": False, "tasks": yaml.safe_load(text)}]
        self.do_playbook(yaml.safe_dump(play, sort_keys=False), item)

    def do_environment(self, text: str, item: Item) -> None:
        self.write("execution-environment.yml", text)
        self.succeed("ansible-builder create --context context")
        assert "jsa.ports" in (self.folder / "context" / "_build" / "requirements.yml").read_text()
        told = self.succeed(f"ansible-builder introspect {self.home}/.ansible/collections")
        assert "netaddr" in told and "jmespath" in told


@pytest.fixture(scope="module", name="home")
def fixture_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a checkout in it. The environment that make develop would make there is here already."""
    home = tmp_path_factory.mktemp("home")
    copy_project(ROOT, home / "checkout")
    (home / "checkout" / ".venv").symlink_to(ROOT / ".venv")
    return home


@pytest.fixture(scope="module", name="lab")
def fixture_lab(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("inventory")
    inventory = yaml.safe_load(inventories()[0])
    # Every refusal is to be seen.
    inventory["all"]["vars"]["lab_sysctls"] = {"net.ipv4.icmp_ratelimit": 0, "net.ipv4.icmp_msgs_per_sec": 100000}
    (folder / "hosts.yml").write_text(yaml.safe_dump(inventory))
    with Lab.up(folder / "hosts.yml", name=f"test-documentation-{os.getpid()}") as lab:
        reader = Reader(lab, home, folder)
        (install,) = [item.text for item in pages.items("README.md") if item.text.startswith("make build")]
        reader.succeed(f"cd {home}/checkout\n{install}")
        reader.succeed(f"{PLAN} -e jsa_plan_dest=plan.json")
        lab.load_services(folder / "plan.json")
        yield lab


@pytest.mark.parametrize("page", [page for page in PAGES if to_do(page)])
def test_a_reader_does_what_it_says(lab: Lab, home: Path, page: str, tmp_path: Path) -> None:
    reader = Reader(lab, home, tmp_path)
    for line in BEFORE.get(page, []):
        reader.succeed(line)
    for item in to_do(page):
        reader.do(item)


def test_what_is_named_here_stands_in_a_page() -> None:
    everything = [item for page in PAGES for item in pages.items(page)]
    assert {found for item in everything for found in elsewhere(item)} == set(ELSEWHERE)
    assert {*FAILS, *SAYS} <= {(item.page, item.text) for item in everything}
    assert {*BEFORE, *FOR_GROUP} <= {page for page in PAGES if to_do(page)}
    assert all(any(word in item.text for item in everything) for word in PUTS_IN)


#: What the examples of plugins take for granted.
GRANTED = """
- hosts: con1,ep1
  gather_facts: false
  tasks:
    - jsa.ports.plan:
      run_once: true
      register: planned
    - ansible.builtin.set_fact:
        my_token: 00112233445566778899aabbccddeeff
        my_probes: [{address: 10.0.0.1, port: 443}]
"""
#: The console has to reach a port of this one.
ON_ONE = {"firewall": "ep1"}
#: What examples of other plugins have to write first, in their order.
AFTER_THE_OTHERS = ["observations", "port_verdicts", "page"]
#: Examples that need a console. tests/unit/plugins/action runs the modules against a stand-in.
NEED_A_CONSOLE = ("console_check", "console_firewall")
#: Examples that are right to fail here, and what they say then.
EXAMPLES_FAIL = {
    # Nobody has started to record.
    "learned": "nothing is recorded there: run jsa.ports.learn first",
    "outward": "targets failed; see the table above for the causes",
    # The examples before it ran on two of the three hosts.
    "port_verdicts": "not observed: ec1 (there is no file ec1.json in observations)",
    # No plan was copied to the hosts of this lab.
    "this_host": "The saved plan /etc/jsa_ports/plan.json cannot be read",
}


def test_the_examples_of_every_plugin_run(lab: Lab, home: Path, tmp_path: Path) -> None:
    reader = Reader(lab, home, tmp_path)
    plays = yaml.safe_load(GRANTED)
    names = [(kind, path.stem) for kind in ("lookup", "modules") for path in (ROOT / "plugins" / kind).glob("*.py")]
    names = [(kind, name) for kind, name in names if name not in NEED_A_CONSOLE]
    late = {name: place for place, name in enumerate(AFTER_THE_OTHERS, 1)}
    for kind, name in sorted(names, key=lambda one: (late.get(one[1], 0), one)):
        tasks = yaml.safe_load(documented(kind, name, "EXAMPLES"))
        play = {"name": name, "hosts": ON_ONE.get(name, "con1,ep1"), "gather_facts": False, "tasks": tasks}
        plays.append({**play, "ignore_errors": name in EXAMPLES_FAIL})
    reader.write("playbook.yml", yaml.safe_dump(plays, sort_keys=False))
    told = reader.succeed("ansible-playbook -i hosts.yml playbook.yml")
    parts = dict(re.findall(r"^PLAY \[(\w+)\] \**\n(.*?)(?=^PLAY )", told, re.MULTILINE | re.DOTALL))
    assert set(parts) == {name for _kind, name in names}
    failed = {name: text for name, text in parts.items() if "...ignoring" in text}
    assert set(failed) == set(EXAMPLES_FAIL)
    assert {name: failed[name] for name, text in EXAMPLES_FAIL.items() if text not in failed[name]} == {}
