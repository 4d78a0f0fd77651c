# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lab needs of this machine, checked before anything is touched."""

from __future__ import annotations

import os
import shutil
import sys

from pathlib import Path

from lab.errors import MissingRequirement

#: Where a login shell of a plain user does not look.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])

PACKAGES = {
    "dbus-daemon": "dbus",
    "dbus-send": "dbus",
    "firewall-cmd": "firewalld",
    "firewalld": "firewalld",
    "ip": "iproute2",
    "ipset": "ipset",
    "iptables": "iptables",
    "mount": "mount",
    "nft": "nftables",
    "nsenter": "util-linux",
    "pivot_root": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "setpriv": "util-linux",
    "sshd": "openssh-server",
    "unshare": "util-linux",
}


_ROOT = "root: run the lab as root (sudo); it makes namespaces, mounts and firewalls of their own"


def check_root() -> None:
    """For what needs no program but the right to end the lab's processes."""
    if os.geteuid() != 0:
        raise MissingRequirement(f"this needs {_ROOT}")


def check() -> None:
    """Raises one error with everything that is missing and how to get it."""
    missing = [] if os.geteuid() == 0 else [_ROOT]
    packages = sorted({package for program, package in PACKAGES.items() if not shutil.which(program, path=SEARCH_PATH)})
    if packages:
        missing.append(f"packages: apt-get install {' '.join(packages)}")
    if not Path("/usr/bin/python3").exists():
        missing.append("packages: apt-get install python3 (the hosts run the system's own Python)")
    if not hasattr(os, "pidfd_open"):
        missing.append("Python 3.10 or later on Linux for the lab itself")
    if missing:
        raise MissingRequirement("this machine lacks what the lab needs:\n  " + "\n  ".join(missing))


def ansible_program(name: str) -> str:
    """``ansible-playbook`` and its kin, from the environment this Python belongs to, the project's, or the path."""
    places = [Path(sys.executable).parent, Path(__file__).resolve().parents[2] / ".venv" / "bin"]
    for place in places:
        if (place / name).exists():
            return str(place / name)
    found = shutil.which(name)
    if not found:
        raise MissingRequirement(f"{name} is not beside {sys.executable}: run 'make develop' and use .venv/bin/python")
    return found
