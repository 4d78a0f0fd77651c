# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The product's files, of which one marked block is ours. Every other byte stays what it was. Runs on Python 3.6."""

import os
import re

from typing import Dict, List, NamedTuple, Optional

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.atomic_write import read_regular, remove, stage, sync

_BEGIN = re.compile(r"^# BEGIN jsa\.ports(?: \(([a-z ]*)\))?\r?\n", re.MULTILINE)
_END = re.compile(r"^# END jsa\.ports\r?(?:\n|\Z)", re.MULTILINE)
_NOTICE = "# Written by the Ansible collection jsa.ports. Its next run undoes what is changed between these lines.\n"

#: What removal has to undo besides the block: we ended the last line, or there was no file at all.
_JOINED = "ended the line before"
_MADE = "made the file"

_TEMPORARY = ".jsa_ports"


class Parts(NamedTuple):
    before: str
    #: None where there is no block.
    body: Optional[str]
    after: str
    flag: str


def split(name, text):  # type: (str, str) -> Parts
    """Raises FirewallError for a block that somebody damaged."""
    begins, ends = list(_BEGIN.finditer(text)), list(_END.finditer(text))
    if not begins and not ends:
        return Parts(text, None, "", "")
    if len(begins) != 1 or len(ends) != 1 or ends[0].start() < begins[0].end():
        lines = [text.count("\n", 0, found.start()) + 1 for found in begins + ends]
        raise FirewallError(
            "the block of jsa.ports in %s is damaged: it must have one line '# BEGIN jsa.ports' and "
            "one line '# END jsa.ports' behind it, but has %d and %d of them (lines %s). Nothing was "
            "written: remove what is left of the block, with both lines, and run this again"
            % (name, len(begins), len(ends), ", ".join(str(line) for line in sorted(lines)))
        )
    body = text[begins[0].end() : ends[0].start()].replace(_NOTICE, "", 1)
    return Parts(text[: begins[0].start()], body, text[ends[0].end() :], begins[0].group(1) or "")


def splice(name, text, body):  # type: (str, Optional[str], Optional[str]) -> Optional[str]
    """*text* with *body* as our block, or without one. None: no such file."""
    parts = split(name, text or "")
    if body is None:
        if parts.body is None:
            return text
        before = parts.before
        # Where the site has added lines behind our block, the line before it has to keep its end.
        if parts.flag == _JOINED and not parts.after and before.endswith("\n"):
            before = before[:-1]
        left = before + parts.after
        return None if parts.flag == _MADE and not left else left
    before, flag = parts.before, parts.flag
    if parts.body is None:
        if text is None:
            flag = _MADE
        elif before and not before.endswith("\n"):
            before, flag = before + "\n", _JOINED
    begin = "# BEGIN jsa.ports%s\n" % (" (%s)" % flag if flag else "")
    return before + begin + _NOTICE + body + "# END jsa.ports\n" + parts.after


class Files(object):
    """The files that the product includes, and those that it generates of them."""

    def __init__(self, conf, generated):  # type: (str, Dict[str, str]) -> None
        self.conf = conf
        #: Family -> path of what the product makes of the others, and what the machine loads when it starts.
        self.generated = generated

    def path(self, name):  # type: (str) -> str
        """Full path of a file of the product, by its name."""
        return name if name.startswith("/") else os.path.join(self.conf, name)

    def text(self, name):  # type: (str) -> Optional[str]
        """Content of a file, None if it does not exist. Raises FirewallError if it cannot be read."""
        try:
            return read_regular(self.path(name)).decode("utf-8", "surrogateescape")
        except (IOError, OSError) as error:
            if not os.path.lexists(self.path(name)):
                return None
            raise FirewallError("cannot read %s: %s" % (self.path(name), error))

    def bodies(self, names):  # type: (List[str]) -> Dict[str, str]
        """Name -> our lines, of those files that have a block."""
        found = {}
        for name in names:
            body = split(self.path(name), self.text(name) or "").body
            if body is not None:
                found[name] = body
        return found

    def generated_texts(self):  # type: () -> Dict[str, str]
        """Content of each generated file that exists, by its path."""
        texts = {path: self.text(path) for path in self.generated.values()}
        return {path: text for path, text in texts.items() if text is not None}

    def sweep(self, names):  # type: (List[str]) -> None
        """Temporary files of a run that was killed."""
        for path in [self.path(name) for name in names] + list(self.generated.values()):
            folder, name = os.path.split(os.path.realpath(path))
            for entry in os.listdir(folder) if os.path.isdir(folder) else ():
                if entry.startswith(".%s." % name) and entry.endswith(_TEMPORARY):
                    remove(os.path.join(folder, entry))

    def write_bodies(self, names, bodies):  # type: (List[str], Dict[str, str]) -> None
        """Replace our block in each of the files *names*; *bodies* has the new lines by name. Raises FirewallError."""
        wanted = {}
        for name in names:
            text = self.text(name)
            new = splice(self.path(name), text, bodies.get(name))
            if new != text:
                wanted[self.path(name)] = new
        self.write(wanted)

    def write(self, texts):  # type: (Dict[str, Optional[str]]) -> None
        """Everything is on the disk under other names before the first file is replaced. None removes a file."""
        staged = {}  # type: Dict[str, str]
        try:
            for path in sorted(texts):
                text = texts[path]
                if text is not None:
                    staged[path] = stage(os.path.realpath(path), text, _TEMPORARY)
            for path in sorted(texts):
                if path in staged:
                    os.rename(staged[path], os.path.realpath(path))
                    del staged[path]
                else:
                    remove(path)
                sync(os.path.dirname(os.path.realpath(path)))
        except (IOError, OSError, ValueError) as error:
            # ValueError: a text that no file can have.
            raise FirewallError("cannot write the product's files: %s" % error)
        finally:
            for temporary in staged.values():
                remove(temporary)
