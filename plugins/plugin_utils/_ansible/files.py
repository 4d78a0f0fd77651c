# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on the controller: read with a message for people, written whole or not at all."""

from __future__ import annotations

import os
import tempfile

from ansible.errors import AnsibleActionFail


def read_file(path: str, what: str) -> str:
    """The text of a file on the controller. Raises AnsibleActionFail."""
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise AnsibleActionFail(f"{what} {path} cannot be read: {error}") from error


def content_of(path: str, what: str) -> bytes | None:
    """What a file on the controller has; None where there is no such file. Raises AnsibleActionFail."""
    try:
        with open(os.path.abspath(os.path.expanduser(path)), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise AnsibleActionFail(f"{what} cannot be written to {path}: {error}") from error


def write_file(path: str, content: str | bytes, what: str, check_mode: bool = False) -> bool:
    """Writes a file on the controller whole or not at all. Whether it differs from what was there."""
    target = os.path.abspath(os.path.expanduser(path))
    temporary = None
    try:
        # A text with a lone surrogate is none that a file can have.
        wanted = content.encode() if isinstance(content, str) else content
        if content_of(path, what) == wanted:
            return False
        if check_mode:
            return True
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".jsa_ports_")
        with os.fdopen(descriptor, "wb") as file:
            file.write(wanted)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, target)
    except (OSError, ValueError) as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise AnsibleActionFail(f"{what} cannot be written to {path}: {error}") from error
    return True


def remove_file(path: str, what: str, check_mode: bool = False) -> bool:
    """Whether there was such a file. Raises AnsibleActionFail."""
    target = os.path.abspath(os.path.expanduser(path))
    if not os.path.isfile(target):
        return False
    try:
        if not check_mode:
            os.unlink(target)
    except OSError as error:
        raise AnsibleActionFail(f"{what} {path} cannot be removed: {error}") from error
    return True


def make_folder(path: str, what: str) -> None:
    """Raises AnsibleActionFail."""
    try:
        os.makedirs(os.path.expanduser(path), exist_ok=True)
    except (OSError, ValueError) as error:
        raise AnsibleActionFail(f"{what} {path} cannot be made: {error}") from error
