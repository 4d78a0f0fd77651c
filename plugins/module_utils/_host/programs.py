# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of the host: where they are, and what they say. Runs on Python 3.6."""

import os
import subprocess

from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError

_FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
_QUICK = 30


class CommandError(FirewallError):
    """A command failed, or did not end. Its text is what a person reads of that."""

    def __init__(self, command, code, message):  # type: (Sequence[str], Optional[int], str) -> None
        shown = " ".join(command[:6]) + (" ..." if len(command) > 6 else "")
        #: The first lines of the message; all of it is ``output``.
        self.reason = shorten(message) or "exit code %s" % code
        super(CommandError, self).__init__("%s: %s" % (shown, self.reason))
        self.code = code
        self.output = message


def shorten(message, lines=3, characters=400):  # type: (str, int, int) -> str
    """The first *lines* of *message* that say something new, and no data that was meant for a program."""
    found = []  # type: List[str]
    # firewalld quotes all that it has sent to nft, which may be the whole ruleset.
    for line in message.partition("JSON blob:")[0].splitlines():
        line = line.strip()
        if line and line not in found:
            found.append(line)
    text = "\n".join(found[:lines])
    cut = len(text) > characters or len(found) > lines
    return text[:characters].rstrip() + (" ..." if cut else "")


def find_program(name):  # type: (str) -> Optional[str]
    """Path of the program *name* in the system's folders, None where the host does not have it."""
    for folder in os.environ.get("PATH", "").split(os.pathsep) + list(_FOLDERS):
        path = os.path.join(folder, name)
        if folder and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


class Programs(object):
    def __init__(self, find=find_program):  # type: (Any) -> None
        self._find = find
        self._programs = {}  # type: Dict[str, Optional[str]]

    def program(self, name):  # type: (str) -> Optional[str]
        """Path of the program *name*, None where the host does not have it; each name is looked up once."""
        if name not in self._programs:
            self._programs[name] = self._find(name)
        return self._programs[name]

    def run(self, name, *arguments, **options):  # type: (str, str, Any) -> str
        """Standard output of the program, which may be given a text as *input*. Raises CommandError."""
        program = self.program(name)
        if program is None:
            raise CommandError([name], None, "the program is not there")
        command = [program] + list(arguments)
        text = options["input"].encode("utf-8") if "input" in options else None
        environment = dict(os.environ, LC_ALL="C", LANGUAGE="C")
        try:
            # The timer runs this too, and has no AnsibleModule.
            # pylint: disable-next=ansible-bad-function
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE if text else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
            )
        except OSError as error:
            raise CommandError([name] + list(arguments), None, str(error))
        try:
            output, errors = process.communicate(text, timeout=options.get("timeout", _QUICK))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise CommandError([name] + list(arguments), None, "no end after %d s" % options.get("timeout", _QUICK))
        if process.returncode != 0:
            message = (errors or output).decode("utf-8", "replace")
            raise CommandError([name] + list(arguments), process.returncode, message)
        return output.decode("utf-8", "replace")
