# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a lab keeps what it must find again: one folder per lab, guarded by a lock on the folder itself."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import threading
import time

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.errors import LabError

#: A lab cannot lie below what its hosts stand on: an overlay refuses to have its own upper folder beneath it.
NEEDED_IN_HOSTS = {
    *("bin", "boot", "dev", "etc", "home", "lib", "lib64", "opt"),
    *("proc", "root", "sbin", "sys", "usr", "var"),
}

#: Linux takes 107 characters for the path of a socket; ssh appends a hash of 40 and, while connecting, 17 more.
LONGEST_CONTROL_DIR = 45

_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,31}$")


def base_dir() -> Path:
    """The folder of all labs of this user."""
    path = Path(os.environ.get("JSA_LAB_DIR") or f"/tmp/jsa-lab-{os.getuid()}")
    if not path.is_absolute() or re.search(r"[,:\\\s]", str(path)):
        raise LabError(f"JSA_LAB_DIR={path}: needs an absolute path without blanks, commas, colons and backslashes")
    top = path.resolve().parts[1]
    if top in NEEDED_IN_HOSTS and not path.resolve().is_relative_to("/dev/shm"):
        raise LabError(f"JSA_LAB_DIR={path}: the hosts need /{top} for themselves; take a folder below /tmp")
    return path


class State:
    """The folder of one lab."""

    def __init__(self, name: str) -> None:
        if not _NAME.match(name):
            raise LabError(f"{name!r} is no name for a lab: small letters, digits and hyphens, 32 at most")
        self.name = name
        self.dir = base_dir() / name

    @property
    def file(self) -> Path:
        return self.dir / "lab.json"

    @property
    def controller(self) -> Path:
        return self.dir / "controller"

    @property
    def keys(self) -> Path:
        return self.dir / "keys"

    @property
    def ssh_config(self) -> Path:
        return self.dir / "ssh_config"

    @property
    def inventory(self) -> Path:
        return self.dir / "lab.yml"

    def host(self, name: str) -> Path:
        return self.dir / "hosts" / name

    def exists(self) -> bool:
        return self.dir.is_dir()

    def load(self) -> dict[str, Any]:
        """What ``up`` has written; empty when the lab was never finished or its file is damaged."""
        try:
            content = json.loads(self.file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def save(self, content: dict[str, Any]) -> None:
        write(self.file, json.dumps(content, indent=1, sort_keys=True) + "\n")

    def control_dir(self, token: str) -> Path:
        """The folder of ssh's control sockets, elsewhere if this lab's own folder has too long a name."""
        own = self.dir / "cp"
        return own if len(str(own)) <= LONGEST_CONTROL_DIR else Path("/tmp") / f"jsa-lab-cp-{token}"

    @contextlib.contextmanager
    def locked(self, timeout: float = 120.0) -> Iterator[None]:
        """One command at a time. The lock dies with its process, and the folder may be gone once we have it."""
        deadline = time.monotonic() + timeout
        while (handle := self._try_lock()) is None:
            if time.monotonic() > deadline:
                raise LabError(f"lab {self.name}: another command has been working on it for {timeout:.0f} s")
            time.sleep(0.05)
        try:
            yield
        finally:
            self._tidy(handle)
            os.close(handle)

    def _try_lock(self) -> int | None:
        try:
            self.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.dir, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return None
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._is_ours(handle):
                return handle
        os.close(handle)
        return None

    def _is_ours(self, handle: int) -> bool:
        return os.stat(self.dir).st_ino == os.fstat(handle).st_ino

    def _tidy(self, handle: int) -> None:
        """Nothing stays of a lab that never got beyond its lock, nor the folder of all labs without any."""
        with contextlib.suppress(OSError):
            if self._is_ours(handle):
                self.dir.rmdir()
        with contextlib.suppress(OSError):
            self.dir.parent.rmdir()

    def remove(self) -> None:
        """Takes the folder away."""
        shutil.rmtree(self.dir)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Replaces *path* as a whole: a crash leaves the old or the new content."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as stream:
        stream.write(text)
    os.replace(temporary, path)


def names() -> list[str]:
    """All labs that have a folder."""
    base = base_dir()
    return sorted(entry.name for entry in base.iterdir() if entry.is_dir()) if base.is_dir() else []
