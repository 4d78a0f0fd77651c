# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What JSA contacts outside, played by a lab host: real sockets, real TLS, good and bad outcomes."""

from __future__ import annotations

import json
import os
import re
import subprocess

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

HERE = Path(__file__).resolve().parent
INVENTORY = HERE.parent / "lab" / "inventories" / "two.yml"
WORLD = "10.77.0.12"
PASSWORD = "s3cret/word"

NTP = {"id": "ntp", "protocol": "udp", "ports": "123", "bind": "network", "required": True}
NAMES = "good.test mirror.test forbidden.test"

OPENSSL = """
set -e
mkdir -p /run/world && cd /run/world
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 \\
    -addext keyUsage=critical,keyCertSign,cRLSign -subj "/O=Test/CN=Test authority" 2>/dev/null
issue() {
    openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj "/CN=good.test" 2>/dev/null
    printf 'subjectAltName=DNS:good.test,DNS:forbidden.test\\nauthorityKeyIdentifier=keyid' >$1.ext
    openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile $1.ext -out $1.crt $2 2>/dev/null
    cat $1.key $1.crt >$1.pem
}
issue good "-days 20"
issue expired "-days 0"
"""

#: Everything that the world does not accept.
SILENT, ADMIN = 1111, 1112
RULES = (
    "table inet world { chain input { type filter hook input priority -300;"
    f" tcp dport {SILENT} drop; tcp dport {ADMIN} reject with icmpx type admin-prohibited; }}; }}"
)


@pytest.fixture(scope="module", name="lab")
def fixture_lab() -> Iterator[Lab]:
    with Lab.up(INVENTORY, name=f"test-outward-{os.getpid()}") as lab:
        lab.load_services({"hosts": {"beta": {"listeners": [NTP]}}})
        lab.run("beta", ["sh", "-c", OPENSSL], check=True)
        lab.run("beta", ["nft", RULES], check=True)
        authority = lab.run("beta", ["cat", "/run/world/ca.pem"], check=True).stdout
        lab.run("alpha", ["tee", "/run/ca.pem"], stdin=authority, check=True)
        for host in ("alpha", "beta"):
            hosts = lab.host(host).shared / "hosts"
            hosts.write_text(f"{hosts.read_text()}{WORLD} {NAMES}\n")
        command = [*lab.entering("beta"), "/usr/bin/python3", str(HERE / "outward_servers.py"), "/run/world"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            word, pid = process.stdout.readline().split()
            assert word == "ready"
            try:
                yield lab
            finally:
                lab.run("beta", ["kill", pid], check=True)
                process.wait(30)


def run(lab: Lab, targets: list[dict[str, Any]], **options: Any) -> tuple[dict[str, Any], str]:
    arguments = json.dumps({"targets": targets, "ca_file": "/run/ca.pem", **options})
    done = lab.ansible(["ansible", "alpha", "-vvv", "-m", "jsa.ports.outward", "-a", arguments])
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    start = done.stdout.index("=> {") + 3
    answer: dict[str, Any] = json.JSONDecoder().raw_decode(done.stdout[start:])[0]
    return answer, output


CASES: list[tuple[dict[str, Any], str, str, dict[str, Any]]] = [
    ({"kind": "smtp", "host": WORLD}, "ok", "", {"greeting": "220 welcome"}),
    ({"kind": "smtp", "host": "good.test"}, "ok", "", {}),
    ({"kind": "smtp", "host": WORLD, "port": 1025}, "wrong_answer", "'554 go away'", {}),
    ({"kind": "smtp", "host": WORLD, "port": 2443}, "no_answer", "accepted the connection and sent no data", {}),
    ({"kind": "smtp", "host": WORLD, "port": 1110}, "refused", "nothing listens", {}),
    ({"kind": "smtp", "host": WORLD, "port": SILENT}, "no_answer", "does not answer on port 1111", {}),
    ({"kind": "smtp", "host": WORLD, "port": ADMIN}, "prohibited", f"{WORLD} rejects port 1112", {}),
    ({"kind": "smtp", "host": "10.77.0.99"}, "unreachable", "no host answers", {}),
    ({"kind": "smtp", "host": "192.0.2.25"}, "unreachable", "no route", {}),
    ({"kind": "smtp", "host": "nobody.test"}, "name_not_resolved", "nobody.test", {}),
    ({"kind": "ntp", "host": WORLD}, "ok", "", {"stratum": 2}),
    ({"kind": "ntp", "host": WORLD, "port": 1123}, "wrong_answer", "rejects this host (DENY)", {}),
    ({"kind": "ntp", "host": WORLD, "port": 1124}, "refused", "port 1124/udp", {}),
    ({"kind": "nfs", "host": WORLD}, "ok", "", {"version": 4}),
    ({"kind": "nfs", "host": WORLD, "port": 762}, "wrong_answer", "does not offer this program", {}),
    ({"kind": "nfs", "host": WORLD, "port": 25}, "wrong_answer", "", {}),
    ({"kind": "mountd", "host": WORLD}, "ok", "", {"version": 3, "port": 762, "remark": "rpcbind reports no port"}),
    ({"kind": "dns", "host": WORLD, "name": "good.test"}, "ok", "", {"transport": "udp", "answers": 1}),
    ({"kind": "dns", "host": WORLD, "name": "long.test"}, "ok", "", {"transport": "tcp", "answers": 1}),
    ({"kind": "dns", "host": WORLD, "name": "nowhere.test"}, "name_not_resolved", "has no address for", {}),
    ({"kind": "dns", "host": WORLD, "name": "refuse.test"}, "wrong_answer", "rejects queries of this host", {}),
    ({"kind": "tls", "host": "good.test"}, "ok", "",
     {"subject": "CN=good.test", "issuer": "O=Test, CN=Test authority"}),
    ({"kind": "tls", "host": "mirror.test", "name": "good.test"}, "ok", "", {}),
    ({"kind": "tls", "host": "mirror.test"}, "certificate_invalid", "not trusted", {"subject": "CN=good.test"}),
    ({"kind": "tls", "host": "good.test", "port": 1443}, "certificate_invalid", "expired",
     {"verify_error": "certificate has expired"}),
    ({"kind": "tls", "host": "good.test", "port": 2443}, "no_answer", "does not answer the TLS handshake", {}),
    ({"kind": "tls", "host": "good.test", "port": 3443}, "reset", "TCP reset", {}),
    ({"kind": "tls", "host": "good.test", "port": 4443}, "tls_failed", "wrong version number", {}),
    ({"kind": "tls", "host": "good.test", "port": 1110}, "refused", "nothing listens", {}),
    ({"kind": "tls", "host": "nobody.test"}, "name_not_resolved", "nobody.test", {}),
]  # fmt: skip


@pytest.fixture(scope="module")
def results(lab: Lab) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = run(lab, [case[0] for case in CASES], timeout=5)[0]["results"]
    return results


class TestTargets:
    @pytest.mark.parametrize("number", range(len(CASES)))
    def test_outcome(self, results: list[dict[str, Any]], number: int) -> None:
        target, result, says, details = CASES[number]
        got = results[number]
        # As asked: the order is kept, and what was given comes back.
        assert {key: got[key] for key in target} == target
        assert (got["result"], says in got["reason"]) == (result, True), got
        assert {key: got["details"].get(key) for key in details} == details
        assert bool(got["reason"]) is (result != "ok")

    def test_a_certificate_is_not_trusted_without_its_authority(self, lab: Lab) -> None:
        (got,) = run(lab, [{"kind": "tls", "host": "good.test"}], ca_file=None)[0]["results"]
        assert got["result"] == "certificate_invalid"
        assert got["details"]["issuer"] == "O=Test, CN=Test authority"
        assert got["details"]["expires"].startswith("20")


PROXIED = [
    (f"http://{WORLD}:3128", "good.test", "ok", ""),
    (f"http://jsa:s3cret%2Fword@{WORLD}:3129", "good.test", "ok", ""),
    (f"http://{WORLD}:3129", "good.test", "proxy_refused", "requires a user name and a password (407)"),
    (f"http://jsa:s3cret%2Fwrong@{WORLD}:3129", "good.test", "proxy_refused", "rejects the user name"),
    (f"http://{WORLD}:3128", "forbidden.test", "proxy_refused", "forbids forbidden.test:443 (403)"),
    (f"http://{WORLD}:3128", "nobody.test", "unreachable", "cannot reach nobody.test:443 (502 Bad Gateway)"),
    (f"http://{WORLD}:1110", "good.test", "proxy_unreachable", "nothing listens"),
    ("http://nobody.test:3128", "good.test", "proxy_unreachable", "nobody.test"),
    (f"http://{WORLD}:25", "good.test", "proxy_refused", "is not an HTTP proxy"),
    (f"http://{WORLD}:2443", "good.test", "proxy_unreachable", "sent no data"),
]


@pytest.mark.parametrize(("proxy", "host", "result", "says"), PROXIED)
def test_through_a_proxy(lab: Lab, proxy: str, host: str, result: str, says: str) -> None:
    answer, output = run(lab, [{"kind": "tls", "host": host}], proxy=proxy, timeout=4)
    (got,) = answer["results"]
    assert (got["result"], says in got["reason"]) == (result, True), got
    assert "s3cret" not in json.dumps(answer)
    assert "s3cret" not in output


def test_only_the_proxy_is_contacted_where_one_is_set(lab: Lab) -> None:
    table = "table ip direct { chain output { type filter hook output priority 0; tcp dport 443 drop; }; }"
    lab.run("alpha", ["nft", table], check=True)
    try:
        proxied = run(lab, [{"kind": "tls", "host": "good.test"}], proxy=f"http://{WORLD}:3128", timeout=4)[0]
        direct = run(lab, [{"kind": "tls", "host": "good.test"}], timeout=2)[0]
    finally:
        lab.run("alpha", ["nft", "delete", "table", "ip", "direct"], check=True)
    assert proxied["summary"] == {"ok": 1}
    assert direct["results"][0]["result"] in ("no_answer", "prohibited")


DEPLOYMENT = f"""
all:
  vars:
    jsa_networks:
      smtp_gateways: [{WORLD}]
      ntp_servers: [{WORLD}, 192.0.2.0/24]
      nfs_servers: [{WORLD}]
      dns_servers: [{WORLD}]
    jsa_public_servers:
      download.juniper.net: {{host: good.test}}
      update.xforce-security.com: {{host: mirror.test, name: good.test}}
      license.xforce-security.com: none
    jsa_outward_ca_file: /run/ca.pem
    jsa_outward_timeout: 5
  children:
    jsa_console:
      hosts:
        alpha: {{ansible_host: 10.77.0.11, jsa_features: [email, nfs_client]}}
"""


class TestPlaybook:
    @pytest.fixture
    def inventory(self, tmp_path: Path) -> Path:
        path = tmp_path / "hosts.yml"
        path.write_text(DEPLOYMENT)
        return path

    def play(self, lab: Lab, inventory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return lab.ansible(["ansible-playbook", "jsa.ports.outward", *arguments], inventory=inventory)

    @pytest.mark.parametrize("arguments", [(), ("--check",), ("-e", f"jsa_proxy=http://{WORLD}:3128")])
    def test_all_is_well(self, lab: Lab, inventory: Path, arguments: tuple[str, ...]) -> None:
        done = self.play(lab, inventory, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        rows = [line.split() for line in done.stdout.splitlines() if re.match(r"alpha +[^ :]", line)]
        assert [row[1] for row in rows] == [f"{WORLD}:{port}" for port in (25, 123, 762, 2049, 53)] + [
            "good.test:443",
            "mirror.test:443",
        ]
        assert all("ok" in row for row in rows)
        assert "not checked: ntp_out: 192.0.2.0/24 in jsa_networks.ntp_servers is not a single address" in done.stdout
        assert "changed=0" in done.stdout

    @pytest.mark.gate
    def test_what_fails_is_told_with_a_remedy_and_without_the_password(self, lab: Lab, inventory: Path) -> None:
        proxy = f"jsa_proxy=http://jsa:s3cret%2Fwrong@{WORLD}:3129"
        done = self.play(lab, inventory, "-vvv", "-e", proxy, "-e", "jsa_outward_timeout=5")
        assert done.returncode != 0
        assert re.search(r"alpha +good\.test:443 +JSA automatic updates +proxy_refused +allow this target", done.stdout)
        assert "2 of 7 targets failed; see the table above for the causes" in done.stdout
        assert "s3cret" not in done.stdout + done.stderr

    def test_hosts_that_are_no_console_are_skipped(self, lab: Lab, inventory: Path) -> None:
        others = "    jsa_processors: {hosts: {beta: {ansible_host: 10.77.0.12}}}\n    other: {hosts: {stranger: }}\n"
        inventory.write_text(DEPLOYMENT + others)
        done = self.play(lab, inventory)
        assert done.returncode == 0, done.stdout + done.stderr
        recap = dict(re.findall(r"^(\w+) +: ok=(\d) .* skipped=\d", done.stdout, re.MULTILINE))
        assert recap == {"alpha": "1", "beta": "0", "stranger": "0"}
        assert done.stdout.count("FROM ") == 1

    def test_a_console_that_cannot_be_reached_is_a_failure(self, lab: Lab, inventory: Path) -> None:
        inventory.write_text(DEPLOYMENT + "    jsa_processors: {hosts: {beta: {ansible_host: 10.77.0.12}}}\n")
        lab.daemon("alpha", "stop", "sshd")
        try:
            # Not over a connection that is still there from before.
            done = self.play(lab, inventory, "-e", "ansible_ssh_args=-oControlMaster=no")
        finally:
            lab.daemon("alpha", "start", "sshd")
        assert done.returncode != 0
        assert "UNREACHABLE" in done.stdout

    def test_without_the_console_there_is_nobody_to_ask(self, lab: Lab, inventory: Path) -> None:
        done = self.play(lab, inventory, "--limit", "beta")
        assert done.returncode != 0
        assert "the console (alpha) is not in this play" in done.stdout + done.stderr
