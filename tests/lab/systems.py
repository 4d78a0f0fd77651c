# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other Debian releases' files for hosts to stand on: each is made once for a checkout, from this machine's mirror."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from lab.errors import LabError, MissingRequirement

#: Release -> what makes it worth a test.
RELEASES = {
    "bullseye": "firewalld 0.9, Python 3.9",
    "bookworm": "firewalld 1.3, Python 3.11",
    "trixie": "firewalld 2.3, Python 3.13",
}
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "systems"

_PACKAGES = (
    *("dbus", "firewalld", "ipset", "iproute2", "iptables", "iputils-ping", "nftables"),
    *("openssh-server", "openssl", "procps", "python3", "rpcbind", "systemd"),
)
_OPTIONS = (
    "--quiet",
    "--variant=minbase",
    f"--include={','.join(_PACKAGES)}",
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
)
_SECONDS = 900


def own_release() -> str:
    """What this machine is."""
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


def roots(*releases: str) -> list[Path]:
    """A folder for each release, the machine's own root for its own. What is missing is made, all at once."""
    with ThreadPoolExecutor(max(1, len(releases))) as pool:
        return list(pool.map(_root, releases))


def _root(release: str) -> Path:
    if release == own_release():
        return Path("/")
    if release not in RELEASES:
        raise LabError(f"{release!r} is none of {', '.join(RELEASES)}")
    # Only what is complete has this name; another recipe gives another one.
    recipe = hashlib.sha256("\n".join(_OPTIONS).encode()).hexdigest()[:8]
    root = CACHE / f"{release}-{recipe}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(CACHE / f"{release}.lock"):
        if not root.exists():
            for left in CACHE.glob(f"{release}-*"):
                shutil.rmtree(left)
            new = CACHE / f"{release}-new"
            _make(release, new)
            new.rename(root)
    return root


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make(release: str, folder: Path) -> None:
    for program, package in (("mmdebstrap", "mmdebstrap"), ("apt-get", "apt")):
        if shutil.which(program) is None:
            raise MissingRequirement(f"{program} makes the files of Debian {release}: apt-get install {package}")
    # Whatever ends it halfway, no mount and no process of it is left.
    private = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]
    command = [*private, "mmdebstrap", *_OPTIONS, release, str(folder), _mirror()]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"the files of Debian {release} are not there after {_SECONDS} s") from error
    if done.returncode:
        raise LabError(f"{' '.join(command)} ended with code {done.returncode}:\n{done.stdout}{done.stderr}")


def _mirror() -> str:
    """Where this machine has its own Debian from: every release is beside it."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in told.stdout.splitlines():
        site, release, component = line.split()
        if (release, component) == (own_release(), "main"):
            return site
    raise MissingRequirement(f"apt knows no mirror of Debian {own_release()}:\n{told.stderr}")
