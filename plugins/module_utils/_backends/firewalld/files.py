# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permanent files: what is there, and how they are replaced. Runs on Python 3.6."""

import errno
import os
import re
import tempfile

from typing import Dict, List, NamedTuple, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.parse import (
    ObjectFile,
    is_mine,
    parse_policy,
    parse_set,
    parse_xml,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import IPSETS, POLICIES
from ansible_collections.jsa.ports.plugins.module_utils._host.atomic_write import read_regular, remove, stage, sync
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    NAME_PREFIX,
    FirewalldError,
    Policy,
    Ruleset,
)

ETC = "/etc/firewalld"
LIB = "/usr/lib/firewalld"

_PARSERS = {POLICIES: parse_policy, IPSETS: parse_set}
_TEMPORARY = re.compile(r"^\.%s.*\.xml\..*\.tmp$" % re.escape(NAME_PREFIX))


class FileChanges(NamedTuple):
    """Paths below firewalld's folder. One read, three lists, one write."""

    create: Dict[str, str]
    change: Dict[str, str]
    delete: List[str]

    def any(self):  # type: () -> bool
        """Whether a file has to change."""
        return bool(self.create or self.change or self.delete)


class PermanentFiles(object):
    """The objects with names like ours in firewalld's folders."""

    def __init__(self, etc=ETC, lib=LIB):  # type: (str, str) -> None
        self.etc = etc
        self.lib = lib

    def read(self):  # type: () -> Dict[str, ObjectFile]
        """Path below the folder -> file."""
        found = {}
        for folder in (POLICIES, IPSETS):
            for name in _listdir(os.path.join(self.etc, folder)):
                if name.startswith(NAME_PREFIX) and name.endswith(".xml"):
                    path = "%s/%s" % (folder, name)
                    found[path] = self._read_one(path)
        return found

    def _read_one(self, path):  # type: (str) -> ObjectFile
        try:
            text = read_regular(os.path.join(self.etc, path)).decode("utf-8", "surrogateescape")
        except (IOError, OSError) as error:
            # Such as a link that leads nowhere, or a folder.
            return ObjectFile(path, "", False, None, str(error))
        return read_object(path, text)

    def require_readable(self, found):  # type: (Dict[str, ObjectFile]) -> None
        """Raises FirewalldError for what has a name like ours and cannot be read."""
        for path, one in sorted(found.items()):
            if one.problem:
                whole = os.path.join(self.etc, path)
                raise FirewalldError("%s cannot be read: %s. Nothing was written: remove it" % (whole, one.problem))

    def conflicts(self, found, wanted):  # type: (Dict[str, ObjectFile], Dict[str, str]) -> List[str]
        """The site's own objects that have a name which we need."""
        taken = [os.path.join(self.etc, path) for path in sorted(wanted) if path in found and not found[path].mine]
        for path in sorted(wanted):
            if path not in found and os.path.exists(os.path.join(self.lib, path)):
                taken.append(os.path.join(self.lib, path))
        return taken

    def earlier_policies(self, priority):  # type: (int) -> List[str]
        """Policies of the site that decide on packets to the host before ours with *priority* does."""
        earlier = {}
        for base in (self.lib, self.etc):
            folder = os.path.join(base, POLICIES)
            for file in _listdir(folder):
                name = file[: -len(".xml")]
                if file.endswith(".xml") and name != "allow-host-ipv6":
                    path = os.path.join(folder, file)
                    try:
                        text = read_regular(path).decode("utf-8", "surrogateescape")
                    except (IOError, OSError) as error:
                        raise FirewalldError(
                            "%s cannot be read: %s. Nothing was written: remove or repair it" % (path, error)
                        )
                    earlier[name] = not is_mine(text) and _decides_before(text, priority)
        return sorted(name for name, before in earlier.items() if before)

    def write(self, changes):  # type: (FileChanges) -> None
        """Everything is on the disk under other names before the first file is replaced.

        Sets come before the policy that names them, and leave after it: a reload in between finds nothing missing.
        """
        texts = dict(changes.create)
        texts.update(changes.change)
        staged = {}  # type: Dict[str, str]
        try:
            self._sweep()
            for path in sorted(texts):
                staged[path] = self._stage(path, texts[path])
            for path in sorted(texts, key=_sets_first):
                _make_way(os.path.join(self.etc, path))
                os.rename(staged[path], os.path.join(self.etc, path))
                del staged[path]
            for path in sorted(changes.delete, key=_sets_first, reverse=True):
                remove(os.path.join(self.etc, path))
                # firewalld's own copy of a file that somebody changed with firewall-cmd --permanent
                remove(os.path.join(self.etc, path + ".old"))
            for folder in sorted({path.split("/")[0] for path in list(texts) + changes.delete}):
                sync(os.path.join(self.etc, folder))
        except (IOError, OSError, ValueError) as error:
            # ValueError: a text that no file can have.
            raise FirewalldError("cannot write firewalld's files: %s" % error)
        finally:
            for temporary in staged.values():
                remove(temporary)

    def _sweep(self):  # type: () -> None
        """Temporary files of a run that was killed."""
        for folder in (POLICIES, IPSETS):
            for name in _listdir(os.path.join(self.etc, folder)):
                if _TEMPORARY.match(name):
                    remove(os.path.join(self.etc, folder, name))

    def _stage(self, path, text):  # type: (str, str) -> str
        """Its name does not end in .xml, so firewalld never reads it."""
        folder = os.path.join(self.etc, os.path.dirname(path))
        if not os.path.isdir(folder):
            os.makedirs(folder, 0o750)
        return stage(os.path.join(self.etc, path), text, ".tmp")


def _decides_before(text, priority):  # type: (str, str, int) -> bool
    try:
        root = parse_xml(text)
        own = int(root.attributes.get("priority", "-1"))
    except (ValueError, IndexError):
        # firewalld does not load it either.
        return False
    to_host = any(child.tag == "egress-zone" and child.attributes.get("name") == "HOST" for child in root.children)
    return to_host and comes_before(own, priority)


def comes_before(own, priority):  # type: (int, int) -> bool
    """Whether a policy with the priority *own* may decide before ours with *priority*.

    Of two with one priority, firewalld 1.3.3 takes them in the order of their names, and 2.3.1 does not.
    """
    return own <= priority


def read_object(path, text):  # type: (str, str) -> ObjectFile
    """The object in a file: a policy or a set of ours, or a file of the site's own that has one of our names."""
    if not is_mine(text):
        return ObjectFile(path, text, False, None)
    folder, name = path.split("/")
    try:
        content = _PARSERS[folder](name[: -len(".xml")], text)
    except ValueError:
        content = None
    return ObjectFile(path, text, True, content)


def my_texts(found):  # type: (Dict[str, ObjectFile]) -> Dict[str, str]
    """Path to text of the files that are ours."""
    return {path: one.text for path, one in found.items() if one.mine}


def compare_files(found, wanted):  # type: (Dict[str, ObjectFile], Dict[str, str]) -> FileChanges
    """Which files have to be created, changed, and deleted so that *wanted* are there and no others of ours."""
    mine = my_texts(found)
    return FileChanges(
        create={path: text for path, text in wanted.items() if path not in mine},
        change={path: text for path, text in wanted.items() if path in mine and mine[path] != text},
        delete=sorted(path for path in mine if path not in wanted),
    )


def reverse(found, changes):  # type: (Dict[str, ObjectFile], FileChanges) -> FileChanges
    """What undoes *changes* on the files that were *found* before."""
    return FileChanges(
        create={path: found[path].text for path in changes.delete},
        change={path: found[path].text for path in changes.change},
        delete=sorted(changes.create),
    )


def ruleset_of(found):  # type: (Dict[str, ObjectFile]) -> Ruleset
    """What our files say. A file that cannot be read counts as empty: it is replaced anyway."""
    ruleset = Ruleset({}, {})
    for one in found.values():
        if one.content is None:
            continue
        kind = ruleset.policies if isinstance(one.content, Policy) else ruleset.sets
        kind[one.content.name] = one.content
    return ruleset


def ruleset_of_texts(texts):  # type: (Texts) -> Ruleset
    """The policies and sets in *texts*, path to content."""
    return ruleset_of({path: read_object(path, text) for path, text in texts.items()})


def _make_way(path):  # type: (str) -> None
    """A folder in the place of a file gets a name that firewalld does not read. Raises OSError.

    Only while a candidate waits somebody can have made one: before, it is an error.
    """
    if os.path.isdir(path) and not os.path.islink(path):
        os.rename(path, tempfile.mkdtemp(prefix=os.path.basename(path) + ".", dir=os.path.dirname(path)))


def _sets_first(path):  # type: (str) -> Tuple[bool, str]
    return not path.startswith(IPSETS), path


def _listdir(folder):  # type: (str) -> List[str]
    try:
        return sorted(os.listdir(folder))
    except (IOError, OSError) as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return []
        raise FirewalldError("cannot read %s: %s" % (folder, error))
