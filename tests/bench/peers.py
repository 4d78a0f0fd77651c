# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everybody's Ansible: one environment for what is compared, with the collections that the package ansible bundles."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys

from pathlib import Path

from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

ROOT = Path(__file__).resolve().parents[2]
_HOME = ROOT / ".cache" / "bench"
_VENV = _HOME / "venv"
_READY = _VENV / "ready"
_PEERS = ("ansible.posix", "community.general")


def prepare() -> None:
    """Installs the package ansible, once. It is large, so it stays below .cache."""
    wanted = f"{sys.version}\nansible\n{(ROOT / 'requirements.txt').read_text()}"
    if _READY.exists() and _READY.read_text() == wanted:
        return
    print("Installing the package ansible into .cache/bench, about 600 MB, once", flush=True)
    shutil.rmtree(_VENV, ignore_errors=True)
    pip = [str(_VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
    for argv in ([sys.executable, "-m", "venv", str(_VENV)], [*pip, "-r", str(ROOT / "requirements.txt"), "ansible"]):
        if subprocess.run(argv, check=False).returncode != 0:
            raise UnmeasurableError(f"{' '.join(argv)} failed")
    _READY.write_text(wanted)


def program(name: str) -> str:
    return str(_VENV / "bin" / name)


def environment(home: Path) -> dict[str, str]:
    """Nothing of the user's settings, and compiled Python that stays out of the checkout."""
    settings = home / "ansible.cfg"
    settings.touch()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHON", "SSH_"))}
    return {
        **kept,
        "PATH": os.pathsep.join([str(_VENV / "bin"), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONPYCACHEPREFIX": str(_HOME / "pycache"),
    }


def facts() -> list[str]:
    """What the figures depend on."""
    found = next((_VENV / "lib").glob("python*/site-packages"))
    peers = []
    for name in _PEERS:
        manifest = found / "ansible_collections" / Path(*name.split(".")) / "MANIFEST.json"
        peers.append(f"{name} {json.loads(manifest.read_text())['collection_info']['version']}")
    return [
        f"{os.cpu_count()} cores ({_processor()}), Linux {platform.release()}",
        f"controller: ansible-core {_answer(program('ansible'), '--version').split(']')[0].split()[-1]}, "
        f"Python {platform.python_version()}",
        f"hosts: Python {_answer('/usr/bin/python3', '--version').split()[-1]}, "
        f"firewalld {_answer('firewall-offline-cmd', '--version').strip()}, in namespaces of this machine, over SSH",
        f"peers: {', '.join(peers)}, nmap {_answer('nmap', '--version').split()[2]}",
    ]


def _answer(*argv: str) -> str:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    environment_ = {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"}
    return subprocess.run(argv, capture_output=True, text=True, check=True, env=environment_).stdout


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
