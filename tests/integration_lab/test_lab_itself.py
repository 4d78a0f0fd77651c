# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab keeps what it promises: real hosts, no way out, nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, LabError, ProbeError, processes
from lab.inventory import plan

PROGRAM = Path(__file__).resolve().parent.parent / "lab"

#: Two subnets of each family; a host without firewalld; one with ssh elsewhere. Documentation's and private addresses.
HOSTS = """
all:
  vars: {lab_prefix: 24, lab_prefix6: 64}
  hosts:
    alpha:
      ansible_host: 10.77.0.11
      jsa_address: [10.77.0.11, "fd77::11"]
      lab_extra_addresses: 10.77.0.10
      # One ICMP error a second to a peer is what Linux gives by default, and what these tests have no time for.
      lab_sysctls: {net.ipv4.icmp_ratelimit: 0, net.ipv6.icmp.ratelimit: 0}
    beta: {jsa_address: [10.77.1.12, "fd77:1::12"], lab_firewalld: false}
    gamma: {ansible_host: 10.77.0.13, lab_ssh_port: 2222, lab_without: [ipset]}
    here: {ansible_connection: local}
"""
ONE_HOST = "all: {hosts: {alpha: {ansible_host: 10.77.0.11, lab_firewalld: false}}}\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def machine() -> dict[str, Any]:
    """What of this machine a lab must not change."""

    def output(*argv: str) -> str:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    def files(folder: str) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}

    return {
        "addresses": output("ip", "-brief", "address"),
        "mounts": Path("/proc/self/mounts").read_text(),
        "rules": output("nft", "list", "ruleset"),
        "firewalld": files("/etc/firewalld"),
        "ssh": files("/root/.ssh"),
        "name": socket.gethostname(),
        "hosts": Path("/etc/hosts").read_bytes(),
        "forward": Path("/proc/sys/net/ipv4/ip_forward").read_text(),
    }


def traces(*marks: str) -> list[str]:
    """Processes with one of these words in their command line, their mounts or the alias of a network device."""
    found = []
    devices: dict[str, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            net = os.readlink(entry / "ns" / "net")
            text = (entry / "cmdline").read_text() + (entry / "mountinfo").read_text()
        except OSError:
            continue
        if net not in devices and net != os.readlink("/proc/self/ns/net"):
            argv = ["nsenter", f"--net=/proc/{entry.name}/ns/net", "ip", "-details", "link"]
            devices[net] = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
        found += [f"{entry.name}: {mark}" for mark in marks if mark in text or mark in devices.get(net, "")]
    return found


def program(*arguments: str) -> list[str]:
    return [sys.executable, str(PROGRAM), *arguments]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The labs of these tests lie apart from those of whoever uses this machine."""
    path = tmp_path_factory.mktemp("labs")
    before = os.environ.get("JSA_LAB_DIR")
    os.environ["JSA_LAB_DIR"] = str(path)
    yield path
    if before is None:
        del os.environ["JSA_LAB_DIR"]
    else:
        os.environ["JSA_LAB_DIR"] = before


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("inventory") / "hosts.yml", HOSTS)


@pytest.fixture(scope="module")
def lab(folder: Path, inventory: Path) -> Iterator[Lab]:
    before = machine()
    with Lab.up(inventory, "itself") as up:
        token = up.content["token"]
        yield up
    assert traces(token, str(folder / "itself")) == []
    assert not (folder / "itself").exists()
    assert machine() == before


@pytest.fixture
def single(folder: Path, tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A file with one host, for labs that a test treats badly; whatever it leaves is taken down."""
    names = []

    def inventory_of(name: str) -> Path:
        names.append(name)
        return write(tmp_path / f"{name}.yml", ONE_HOST)

    yield inventory_of
    for name in names:
        subprocess.run(program("down", "--name", name), check=True, capture_output=True)


def test_hosts_are_what_the_inventory_says(lab: Lab) -> None:
    assert list(lab.hosts) == ["alpha", "beta", "gamma"]
    status = lab.status()
    daemons = {
        name: {key for key, value in found["daemons"].items() if value["running"]} for name, found in status.items()
    }
    assert daemons == {
        "alpha": {"dbus", "sshd", "firewalld"},
        "beta": {"dbus", "sshd"},
        "gamma": {"dbus", "sshd", "firewalld"},
    }
    for name in lab.hosts:
        assert lab.run(name, ["hostname"], check=True).stdout.strip() == name
    for name in ("alpha", "gamma"):
        assert lab.run(name, ["firewall-cmd", "--state"]).stdout.strip() == "running"
    assert lab.run("beta", ["firewall-cmd", "--state"]).returncode != 0
    addresses = lab.run("alpha", ["ip", "-brief", "address", "show", "dev", "eth0"]).stdout
    assert {"10.77.0.11/24", "10.77.0.10/24", "fd77::11/64"} < set(addresses.split())


@pytest.mark.not_on(without=("ipset",), reason="no host has the program there")
def test_a_host_without_a_program(lab: Lab) -> None:
    there = {name: lab.run(name, ["sh", "-c", "command -v ipset"]).returncode == 0 for name in lab.hosts}
    assert there == {"alpha": True, "beta": True, "gamma": False}


def test_ansible_reaches_all_hosts(lab: Lab) -> None:
    result = lab.ansible(["ansible", "all:!here", "-m", "ansible.builtin.command", "-a", "hostname", "-o"])
    assert result.returncode == 0, result.stdout + result.stderr
    said = {line.split(" | ")[0]: line.split()[-1] for line in result.stdout.splitlines()}
    assert said == {"alpha": "alpha", "beta": "beta", "gamma": "gamma"}


def test_ansible_finds_this_collection_and_no_settings_of_the_user(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_GATHERING", "explicit")
    result = lab.ansible(["ansible-config", "dump", "--only-changed"])
    environment = lab.ansible_environment()
    assert "ANSIBLE_GATHERING" not in environment
    assert (Path(environment["ANSIBLE_COLLECTIONS_PATH"]) / "ansible_collections/jsa/ports/galaxy.yml").exists()
    assert "GATHERING" not in result.stdout


def test_no_way_out(lab: Lab) -> None:
    assert lab.ways_out() == []
    for family in ("-4", "-6"):
        routes = lab.run(None, ["ip", family, "route", "show", "default"], check=True).stdout
        assert routes == ""
    for address in ("192.0.2.1", "8.8.8.8", "2001:db8::1"):
        assert lab.run(None, ["ip", "route", "get", address]).returncode != 0
        for name in lab.hosts:
            assert lab.run(name, ["ip", "route", "get", address]).returncode != 0
    links = lab.run(None, ["ip", "-brief", "link"], check=True).stdout.split("\n")
    names = {line.split("@")[0].split()[0] for line in links if line}
    assert names == {"lo", "lab", *(lab.port(name) for name in lab.hosts)}


def test_a_lab_with_a_way_out_does_not_start(lab: Lab, inventory: Path) -> None:
    running = {name: lab.host(name).init for name in lab.hosts}
    for argv in (["link", "add", "out0", "type", "bridge"], ["link", "set", "out0", "up"]):
        lab.run(None, ["ip", *argv], check=True)
    try:
        assert lab.ways_out() == ["interface out0 is none of the lab's"]
        lab.run(None, ["ip", "route", "add", "default", "dev", "out0"], check=True)
        assert "default route through out0" in lab.ways_out()
        assert subprocess.run(program("isolated", "--name", "itself"), capture_output=True, check=False).returncode == 1
        with pytest.raises(LabError, match="way out"):
            Lab.up(inventory, "itself")
    finally:
        lab.run(None, ["ip", "link", "delete", "out0"], check=True)
    assert lab.ways_out() == []
    assert {name: lab.host(name).init for name in lab.hosts} == running


def test_up_again_changes_nothing(lab: Lab, inventory: Path) -> None:
    def picture() -> list[Any]:
        return [(lab.host(name).init, lab.run(name, ["ip", "address"]).stdout) for name in lab.hosts]

    before = picture(), lab.content, lab.run(None, ["ip", "address"]).stdout
    Lab.up(inventory, "itself")
    assert (picture(), lab.content, lab.run(None, ["ip", "address"]).stdout) == before


def test_up_brings_back_a_host_that_died(lab: Lab, inventory: Path) -> None:
    others = {name: lab.host(name).init for name in ("alpha", "gamma")}
    outer = lab.host("beta").outer
    assert outer is not None
    os.kill(outer.pid, signal.SIGKILL)
    while lab.host("beta").init:
        time.sleep(0.01)
    assert lab.status()["beta"]["running"] is False
    with pytest.raises(LabError, match="host beta does not run"):
        lab.run("beta", ["true"])
    Lab.up(inventory, "itself")
    assert lab.run("beta", ["hostname"], check=True).stdout == "beta\n"
    assert {name: lab.host(name).init for name in ("alpha", "gamma")} == others


def test_up_refuses_to_change_a_running_host(lab: Lab, tmp_path: Path) -> None:
    changed = write(tmp_path / "changed.yml", HOSTS.replace("10.77.0.13", "10.77.0.14"))
    with pytest.raises(LabError, match="runs gamma with other settings"):
        Lab.up(changed, "itself")
    assert lab.hosts["gamma"].addresses == ("10.77.0.13",)
    assert lab.probe(None, "10.77.0.13", 2222) == "open"


def test_hosts_come_and_go_with_the_inventory(folder: Path, tmp_path: Path) -> None:
    second = (
        "all: {hosts: {alpha: {ansible_host: 10.77.0.11}, delta: {ansible_host: 10.78.0.5, lab_firewalld: false}}}\n"
    )
    with Lab.up(write(tmp_path / "one.yml", ONE_HOST.replace(", lab_firewalld: false", "")), "grows") as grown:
        alpha = grown.host("alpha").init
        Lab.up(write(tmp_path / "two.yml", second), "grows")
        assert grown.host("alpha").init == alpha
        assert grown.probe("delta", "10.77.0.11", 22) == "open"
        assert grown.probe("alpha", "10.78.0.5", 22) == "open"
        assert grown.run("alpha", ["getent", "hosts", "delta"]).stdout.split() == ["10.78.0.5", "delta"]
        Lab.up(write(tmp_path / "three.yml", ONE_HOST.replace(", lab_firewalld: false", "")), "grows")
        assert list(grown.hosts) == ["alpha"]
        assert grown.probe("alpha", "10.77.0.254", 1) == "refused"
        assert traces("delta") == []


@pytest.mark.parametrize("address", ["10.77.0.11", "10.77.0.10", "fd77::11"])
@pytest.mark.parametrize("source", [None, "gamma", "beta"])
def test_rules_decide_about_real_packets(lab: Lab, source: str | None, address: str) -> None:
    family = "ipv6" if ":" in address else "ipv4"
    if source == "gamma" and family == "ipv6":
        with pytest.raises(ProbeError, match="ENETUNREACH"):
            lab.probe(source, address, 22)
        return
    prohibited = {"ipv4": "icmp-admin-prohibited", "ipv6": "icmp6-adm-prohibited"}[family]
    for port, action in (
        (7001, "accept"),
        (7002, "drop"),
        (7003, f'reject type="{prohibited}"'),
        (7004, "reject"),
    ):
        for protocol in ("tcp", "udp"):
            rule = f'rule family="{family}" port port="{port}" protocol="{protocol}" {action}'
            lab.run("alpha", ["firewall-cmd", f"--add-rich-rule={rule}"], check=True)
    expected = {7001: "refused", 7002: "no_answer", 7003: "prohibited", 7004: "refused"}
    for protocol in ("tcp", "udp"):
        targets = [(address, port, protocol) for port in expected]
        assert lab.probes(source, targets, timeout=0.3) == list(expected.values())
    assert lab.probe(source, address, 22) == "open"
    assert lab.run("alpha", ["firewall-cmd", "--reload"], check=True).stdout.strip() == "success"
    assert lab.probe(source, "10.77.0.77" if family == "ipv4" else "fd77::77", 22, timeout=0.3) == "no_answer"


def test_two_labs_with_the_same_addresses(lab: Lab, inventory: Path) -> None:
    with Lab.up(inventory, "other") as other:
        lab.run("alpha", ["touch", "/etc/first"], check=True)
        assert other.run("alpha", ["ls", "/etc/first"]).returncode != 0
        other.daemon("beta", "stop", "sshd")
        assert (lab.probe(None, "10.77.1.12", 22), other.probe(None, "10.77.1.12", 22)) == ("open", "refused")
        assert lab.namespace != other.namespace
        command = ["ansible", "alpha", "-m", "ansible.builtin.command", "-a", "ls /etc/first", "-o"]
        assert lab.ansible(command).returncode == 0
        assert other.ansible(command).returncode != 0
    assert lab.probe(None, "10.77.0.11", 22) == "open"


def test_writes_stay_on_the_host_and_outlive_a_reboot(lab: Lab) -> None:
    paths = ["/etc/firewalld/zones/lab.xml", "/usr/local/bin/lab-trace", "/root/lab-trace", "/var/lib/lab-trace/file"]
    assert not [path for path in paths if Path(path).exists()]
    for path in paths:
        script = 'mkdir -p "$(dirname "$1")" && echo kept >"$1"'
        lab.run("beta", ["sh", "-c", script, "sh", path], check=True)
        assert lab.run("alpha", ["cat", path]).returncode != 0
    lab.run("beta", ["touch", "/tmp/lost", "/run/lost"], check=True)
    assert lab.snapshot("beta", "/etc/firewalld")["zones/lab.xml"] == b"kept\n"
    before = lab.host("beta").init
    lab.reboot("beta")
    assert lab.host("beta").init != before
    for path in paths:
        assert lab.run("beta", ["cat", path]).stdout == "kept\n"
        assert not Path(path).exists()
    assert lab.run("beta", ["ls", "/tmp/lost", "/run/lost"]).stdout == ""
    lab.run("beta", ["rm", paths[0]], check=True)
    assert lab.probe(None, "10.77.1.12", 22) == "open"


def test_a_host_cannot_change_the_machine(lab: Lab) -> None:
    assert lab.run("alpha", ["sysctl", "-w", "kernel.panic=7"]).returncode != 0
    assert lab.run("alpha", ["sysctl", "-w", "net.ipv4.ip_forward=1"]).returncode == 0
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == machine()["forward"]
    assert lab.run("alpha", ["ls", "-A", "/root/.ssh"], check=True).stdout == ""
    interfaces = lab.run("alpha", ["ls", "/sys/class/net"], check=True).stdout.split()
    assert sorted(set(interfaces) - {"bonding_masters"}) == ["eth0", "lo"]
    processes = lab.run("alpha", ["ps", "-eo", "pid="], check=True).stdout.split()
    assert len(processes) < 15


def test_daemons_stay_as_they_were_put(lab: Lab) -> None:
    lab.daemon("alpha", "kill", "firewalld")
    time.sleep(0.3)
    assert lab.run("alpha", ["firewall-cmd", "--state"]).stdout.strip() != "running"
    assert lab.daemon("alpha", "status")["daemons"]["firewalld"]["running"] is False
    lab.daemon("alpha", "start", "firewalld")
    assert lab.run("alpha", ["firewall-cmd", "--state"]).stdout.strip() == "running"
    assert "firewalld" in lab.ruleset("alpha")
    with pytest.raises(LabError, match="no daemon 'httpd'"):
        lab.daemon("alpha", "start", "httpd")


def test_a_command_that_takes_too_long_is_ended(lab: Lab) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        lab.run("alpha", ["sleep", "4711"], timeout=0.5)
    deadline = time.monotonic() + 5
    while "sleep" in lab.run("alpha", ["ps", "-e"]).stdout:
        assert time.monotonic() < deadline


def test_orphans_are_collected(lab: Lab) -> None:
    lab.run("alpha", ["sh", "-c", "for n in 1 2 3 4 5; do (setsid sleep 0.05 &) ; done"], check=True)
    deadline = time.monotonic() + 5
    while "defunct" in (left := lab.run("alpha", ["ps", "-e"]).stdout) or "sleep" in left:
        assert time.monotonic() < deadline, left


@pytest.mark.parametrize("delay", [0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2])
def test_killed_while_starting(folder: Path, inventory: Path, delay: float) -> None:
    before = machine()
    name = f"killed{int(delay * 100)}"
    process = subprocess.Popen(program("up", "-i", str(inventory), "--name", name), stdout=subprocess.DEVNULL)
    time.sleep(delay)
    process.kill()
    process.wait()
    time.sleep(0.1)
    file = folder / name / "lab.json"
    token = json.loads(file.read_text())["token"] if file.exists() else name
    subprocess.run(program("down", "--name", name), check=True, capture_output=True)
    assert traces(token, str(folder / name)) == []
    assert not (folder / name).exists()
    assert not list(Path("/tmp").glob(f"jsa-lab-cp-{token}"))
    assert machine() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("delay", [0.1, 0.4])
def test_interrupted_while_starting(folder: Path, inventory: Path, number: signal.Signals, delay: float) -> None:
    before = machine()
    command = program("up", "-i", str(inventory), "--name", "broken")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not (folder / "broken" / "lab.json").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    time.sleep(delay)
    process.send_signal(number)
    error = process.communicate(timeout=60)[1]
    assert (process.returncode, "interrupted" in error) == (130, True), error
    assert traces(str(folder / "broken")) == []
    assert not (folder / "broken").exists()
    assert machine() == before


@pytest.mark.parametrize("victim", ["outer", "init", "controller", "all"])
def test_down_after_a_crash(folder: Path, single: Callable[[str], Path], victim: str) -> None:
    lab = Lab.up(single("crash"), "crash")
    token = lab.content["token"]
    host = lab.host("alpha")
    holder = int((folder / "crash" / "controller" / "process").read_text().split()[0])
    leaders = {"outer": [host.outer], "init": [host.init], "controller": [], "all": [host.outer, host.init]}[victim]
    # Somebody still works in both networks when the leaders are gone.
    stranded = [
        subprocess.Popen([*lab.entering(None), "sleep", "600"]),
        subprocess.Popen(["nsenter", f"--net={host.require().namespace('net')}", "sleep", "600"]),
    ]
    time.sleep(0.1)
    for process in leaders:
        if process is not None:
            os.kill(process.pid, signal.SIGKILL)
    if victim in ("controller", "all"):
        os.kill(holder, signal.SIGKILL)
    time.sleep(0.1)
    assert len(traces(token)) >= 2
    subprocess.run(program("down", "--name", "crash"), check=True, capture_output=True)
    assert traces(token, str(folder / "crash")) == []
    assert not (folder / "crash").exists()
    for process_ in stranded:
        assert process_.wait(timeout=5) == -signal.SIGKILL


def test_up_after_the_controller_was_killed(single: Callable[[str], Path], folder: Path) -> None:
    file = single("again")
    Lab.up(file, "again")
    holder = int((folder / "again" / "controller" / "process").read_text().split()[0])
    os.kill(holder, signal.SIGKILL)
    lab = Lab.up(file, "again")
    assert lab.probe(None, "10.77.0.11", 22) == "open"


def test_up_after_all_was_killed_begins_anew(single: Callable[[str], Path], folder: Path) -> None:
    """What a run has left that was ended in the middle is not what the next one starts on."""
    file = single("anew")
    lab = Lab.up(file, "anew")
    lab.run("alpha", ["touch", "/etc/left-by-the-former"], check=True)
    host = lab.host("alpha")
    holder = processes.recorded(folder / "anew" / "controller" / "process")
    for process in (host.outer, host.init, holder):
        assert process is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    time.sleep(0.1)
    lab = Lab.up(file, "anew")
    assert lab.probe(None, "10.77.0.11", 22) == "open"
    assert lab.run("alpha", ["ls", "/etc/left-by-the-former"]).returncode != 0


#: A root like that of a build service: a folder, entered by chroot, while the mount namespace begins at the machine's.
JAIL = """
set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /sys "$1/root/sys"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs tmpfs "$1/root/run"
cp "$2" "$1/root/run/hosts.yml"
export JSA_LAB_DIR=/run/labs JAIL="$1" PYTHON="$3" LAB="$4"
inside='verb=$1; shift; exec "$PYTHON" "$LAB" "$verb" --name jailed "$@"'
lab() { chroot "$JAIL/root" sh -c "$inside" sh "$@"; }
trap 'lab down' EXIT
lab up -i /run/hosts.yml
lab exec --host alpha -- sh -c 'echo "$0" >/etc/lab-jailed; hostname; cat /etc/lab-jailed' kept
"""


def test_in_a_chroot_nothing_escapes_either(folder: Path, tmp_path: Path) -> None:
    jail = tmp_path / "jail"
    jail.mkdir()
    file = write(tmp_path / "one.yml", ONE_HOST)
    argv = ["unshare", "--mount", "sh", "-c", JAIL, "sh", str(jail), str(file), sys.executable, str(PROGRAM)]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert "\nalpha\nkept\nlab jailed: down\n" in result.stdout
    assert not Path("/etc/lab-jailed").exists()
    assert traces("/run/labs/jailed") == []


def test_a_host_that_nobody_waits_for_is_never_built(tmp_path: Path) -> None:
    """``up`` was killed between the host's first process and the cable."""
    (tmp_path / "shared").mkdir()
    argv = ["unshare", "--net", "--mount", "--pid", "--fork", "sh", str(PROGRAM / "root.sh"), str(tmp_path), "/"]
    assert subprocess.run(argv, stdin=subprocess.DEVNULL, timeout=10, check=False).returncode == 1
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["init.process", "shared"]


def test_control_sockets_fit_whatever_the_folder(folder: Path, single: Callable[[str], Path]) -> None:
    name = "a-name-of-exactly-thirty-two-one"
    lab = Lab.up(single(name), name)
    token = lab.content["token"]
    assert lab.ansible(["ansible", "alpha", "-m", "ansible.builtin.ping"]).returncode == 0
    assert list(lab.state.control_dir(token).iterdir())
    assert not lab.state.control_dir(token).is_relative_to(folder)
    lab.down()
    assert not lab.state.control_dir(token).exists()
    assert traces(token) == []


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "no host has an address"),
        ({"ansible_host": "name.example"}, "no host has an address"),
        ({"jsa_address": "{{ other }}"}, "'{{ other }}' is no address"),
        ({"jsa_address": "10.0.0.1", "lab_prefix": "wide"}, "lab_prefix: 'wide' is no number from 8 to 30"),
        ({"jsa_address": "10.0.0.1", "lab_ssh_port": 0}, "one: lab_ssh_port: 0 is no number"),
        ({"jsa_address": "10.0.0.1", "lab_controller": "gate"}, "lab_controller: 'gate' is no address"),
        ({"jsa_address": "10.0.0.1", "lab_controller": "10.0.0.1"}, "10.0.0.1 belongs to one"),
        ({"jsa_address": "10.0.0.1", "lab_controller": "10.9.0.1"}, "10.9.0.1 lies in none"),
        ({"jsa_address": "10.0.0.1", "lab_root": "/nowhere"}, "/nowhere holds no system"),
        ({"jsa_address": "10.0.0.1", "lab_without": "no-such"}, "'no-such' is no program that / has"),
        ({"jsa_address": "10.0.0.1", "lab_sysctls": {"kernel.panic": 1}}, "kernel.panic is not below net."),
        ({"jsa_address": "10.0.0.1", "lab_gateways": {"10.0.9.0/24": "router"}}, "lab_gateways: 10.0.9.0/24: router:"),
        ({"jsa_address": "10.0.0.1", "lab_gateways": {"10.0.9.0/33": "10.0.0.9"}}, "expected a subnet and the address"),
    ],
)
def test_impossible_labs(monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any], says: str) -> None:
    monkeypatch.delenv("JSA_LAB_ROOT", raising=False)
    with pytest.raises(LabError) as caught:
        plan({"one": variables}, "hosts.yml")
    assert "hosts.yml: " in str(caught.value)
    assert says in str(caught.value)


def test_what_hosts_stand_on_that_do_not_say_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for root in (tmp_path / "chosen", tmp_path / "own"):
        (root / "usr" / "bin").mkdir(parents=True)
        for program in ("python3", "ipset"):
            (root / "usr" / "bin" / program).touch()
    monkeypatch.setenv("JSA_LAB_ROOT", str(tmp_path / "chosen"))
    monkeypatch.setenv("JSA_LAB_WITHOUT", "ipset")
    own = {"jsa_address": "10.0.0.2", "lab_root": str(tmp_path / "own")}
    found = plan({"one": {"jsa_address": "10.0.0.1"}, "two": own}, "hosts.yml").hosts
    assert (found["one"].root, found["one"].without) == (str(tmp_path / "chosen"), ("ipset",))
    assert (found["two"].root, found["two"].without) == (own["lab_root"], ())


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(LabError) as caught:
        plan({"one": {"jsa_address": "10.0.0.1"}, "two": {"jsa_address": ["10.0.0.1", "x"]}}, "hosts.yml")
    assert "two: 10.0.0.1 belongs to one already" in str(caught.value)
    assert "two: 'x' is no address" in str(caught.value)


def test_addresses_of_a_host() -> None:
    pair = {"jsa_address": "10.0.0.1", "jsa_ha_virtual_address": "10.0.0.3"}
    found = plan(
        {
            "first": {**pair, "lab_holds_virtual_address": True},
            "second": {**pair, "jsa_address": ["fd00::2", "10.0.0.2"]},
            "third": {"ansible_host": "10.0.0.254", "jsa_address": "10.0.0.254"},
        },
        "hosts.yml",
    )
    assert {name: host.addresses for name, host in found.hosts.items()} == {
        "first": ("10.0.0.1", "10.0.0.3"),
        "second": ("fd00::2", "10.0.0.2"),
        "third": ("10.0.0.254",),
    }
    assert found.subnets == ("10.0.0.0/24", "fd00::/64")
    assert found.controller == ("10.0.0.253", "fd00::fe")


def test_down_of_nothing() -> None:
    result = subprocess.run(program("down", "--name", "never-built"), capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "lab never-built: there was none\n")


def test_down_from_within_is_refused(lab: Lab) -> None:
    result = lab.run(None, program("down", "--name", "itself"))
    assert result.returncode == 1
    assert "runs within the lab itself" in result.stderr
    assert lab.status()["alpha"]["running"]


def test_exec(lab: Lab) -> None:
    def execute(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(program("exec", "--name", "itself", *words), capture_output=True, text=True, check=False)

    assert execute("--host", "alpha", "--", "sh", "-c", "hostname; exit 7").stdout == "alpha\n"
    assert execute("--host", "alpha", "--", "sh", "-c", "exit 7").returncode == 7
    assert execute("--", "sh", "-c", "exit 8").returncode == 8
    assert execute("--", "readlink", "/proc/self/ns/net").stdout.strip() == os.readlink(lab.namespace)
    assert execute("--", "readlink", "/proc/self/ns/mnt").stdout.strip() == os.readlink("/proc/self/ns/mnt")
    unknown = execute("--host", "omega", "--", "true")
    assert unknown.returncode == 1
    assert "has no host omega, it has: alpha, beta, gamma" in unknown.stderr


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (
            "requirements.PACKAGES.update({'no-such-program': 'some-package', 'nor-this': 'another'})",
            "apt-get install another some-package",
        ),
        ("os.geteuid = lambda: 1000", "run the lab as root"),
    ],
)
def test_what_is_missing_is_said(folder: Path, tmp_path: Path, change: str, advice: str) -> None:
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from lab import cli, requirements\n"
        f"{change}\n"
        "sys.exit(cli.main(['up', '-i', sys.argv[2]]))\n"
    )
    argv = [sys.executable, "-c", code, str(PROGRAM.parent), str(write(tmp_path / "one.yml", ONE_HOST))]
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert result.returncode == 3
    assert advice in result.stderr
    assert not (folder / "default").exists()
