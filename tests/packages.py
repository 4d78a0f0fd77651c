# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs of the system that lab, demo and tests run: installed where that is possible, named where it is not.

Installing a daemon must not start it: a firewalld that came with a test could lock the machine's owner out, now or at
the next boot. The lab starts its own, in namespaces of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

#: Debian's package for each program.
PACKAGES = {
    "dbus-daemon": "dbus",
    "firewall-cmd": "firewalld",
    "ip": "iproute2",
    "ipset": "ipset",
    "iptables": "iptables",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "nmap": "nmap",
    "openssl": "openssl",
    "ping": "iputils-ping",
    "podman": "podman",
    "ps": "procps",
    "rpcbind": "rpcbind",
    "runc": "runc",
    "shellcheck": "shellcheck",
    "ssh": "openssh-client",
    "sshd": "openssh-server",
    "tcpdump": "tcpdump",
}

#: What only the tests of the page in a browser run: with all that it needs, as large as everything above.
BROWSERS = {"chromium-headless-shell": "chromium-headless-shell"}

#: Units that Debian enables as soon as their package is there.
_UNITS = {
    "firewalld": ("firewalld.service",),
    "openssh-server": ("ssh.service",),
    "rpcbind": ("rpcbind.service", "rpcbind.socket"),
}

#: Asked by every maintainer script before it starts a service; 101 means no.
POLICY = Path("/usr/sbin/policy-rc.d")
_REFUSE = "#!/bin/sh\n# Written by the tests of jsa.ports while apt-get runs.\nexit 101\n"


def missing_packages(packages: Mapping[str, str]) -> list[str]:
    # The system's folders may not be on an ordinary user's PATH, yet hold what the tests run as root.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    return sorted({package for program, package in packages.items() if shutil.which(program, path=path) is None})


@contextmanager
def services_refused(policy: Path) -> Iterator[None]:
    """While this lasts, no package starts a service; afterwards *policy* is what it was."""
    kept = policy.with_name(policy.name + ".before-jsa-ports")
    if kept.exists():
        # An earlier run was killed in between.
        kept.replace(policy)
    elif policy.exists() and policy.read_text() == _REFUSE:
        policy.unlink()
    if policy.exists():
        shutil.copy2(policy, kept)
    try:
        policy.write_text(_REFUSE)
        policy.chmod(0o755)
        yield
    finally:
        if kept.exists():
            kept.replace(policy)
        else:
            policy.unlink(missing_ok=True)


def install(packages: list[str]) -> None:
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # A lock that somebody else holds (unattended upgrades on a fresh machine) is waited for.
    apt_get = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    with services_refused(POLICY):
        for command in (
            [*apt_get, "update"],
            [*apt_get, "install", "--yes", "--no-install-recommends", *packages],
        ):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{' '.join(command)} ended with code {done.returncode}:\n{done.stdout}{done.stderr}")
        units = [unit for package, units in _UNITS.items() if package in packages for unit in units]
        if units and shutil.which("systemctl"):
            subprocess.run(["systemctl", "--quiet", "disable", *units], check=False)


def _terminated(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(arguments: Sequence[str]) -> int:
    """*arguments*: ``browser`` for what the tests in a browser run, nothing for the rest."""
    wanted = BROWSERS if list(arguments) == ["browser"] else PACKAGES
    packages = missing_packages(wanted)
    if not packages:
        return 0
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"Missing on this machine: {', '.join(packages)} (Debian's names). Install them as root:\n  {command}")
        print("On Debian, firewalld and ssh start with their installation and at boot; disable what you do not want.")
        return 1
    # So that the policy is put back when somebody ends the run.
    signal.signal(signal.SIGTERM, _terminated)
    print(f"Installing {', '.join(packages)}; no service is started or enabled")
    install(packages)
    missing = missing_packages(wanted)
    if missing:
        print(f"Still missing after {command}: {', '.join(missing)}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
