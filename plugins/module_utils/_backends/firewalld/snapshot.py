# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's rules as they were before a load, put back without asking the firewall. Runs on Python 3.6.

The last line of defense, for a host whose firewall can load neither the new files nor the earlier ones: it flushes its
rules first, and everybody gets in. Whatever nft, iptables-save and ipset print is kept as text and given back to the
same programs. Of nftables only firewalld's tables are put back, since nobody else's are touched by a reload; the tables
of iptables are put back by iptables-restore, for nft does not read all that it prints of them.
"""

import json
import os
import re
import time

from typing import Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.foreign_iptables import (
    Tables,
    read_tables,
    what_is_gone,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.native_rules import read_native, true_lines
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.nft_tables import (
    Table,
    readable,
    renamed,
    split,
)
from ansible_collections.jsa.ports.plugins.module_utils._families import PREFIXES
from ansible_collections.jsa.ports.plugins.module_utils._host.atomic_write import remove, stage
from ansible_collections.jsa.ports.plugins.module_utils._host.nftables import ruleset_text
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs, shorten
from ansible_collections.jsa.ports.plugins.module_utils._host.saved_rules import keeps_away

#: The table that stands in for firewalld's where that has an owner.
TABLE = "jsa_ports_snapshot"
#: firewalld's tables, ``firewalld_policy_drop`` among them, which it has during a reload.
_FIREWALLD = "firewalld"
_FILE = "snapshot.json"
_MARK = "on_snapshot.json"

_NFT, _IPSET = "nft", "ipset"
_SECONDS = 120
#: So many lines that nft does not take back are left out before it is given up.
_MOST_LEFT_OUT = 50

#: A set's element shows how long it stays, which is another text each time.
_MOMENTARY = re.compile(r"\bexpires [0-9a-z]+")
_WORD = re.compile(r"[^\s,{}]+")
_ERROR_LINE = re.compile(r"stdin:([0-9]+):")
_INPUT_HOOK = re.compile(r"\bhook input\b")
_VERDICT = re.compile(r"\b(?:drop|reject)\b")


class PutBack(NamedTuple):
    """What came of it."""

    #: The kernel filters as it did when the snapshot was taken. That was read back.
    done: bool
    #: For people: what the host has now, or why it has not.
    words: str


def take(programs):  # type: (Programs) -> Dict[str, str]
    """Program -> what it prints of the kernel's rules, of the programs that are there. Never raises."""
    found = {}
    commands = [(_NFT, [_NFT]), (_IPSET, [_IPSET, "save"])]
    commands += [(prefix, [prefix + "tables-save"]) for prefix in PREFIXES.values()]
    for key, command in commands:
        if programs.program(command[0]) is None:
            continue
        try:
            if key == _NFT:
                found[key] = ruleset_text(programs, timeout=_SECONDS)
            else:
                found[key] = programs.run(command[0], *command[1:], timeout=_SECONDS)
        except CommandError:
            # Without the family or the module in the kernel there is nothing to keep.
            continue
        if key in PREFIXES.values() and "\n-A " in found[key]:
            # What nft has put there is not put back from here: iptables would make another rule of it.
            found[key] = true_lines(found[key], read_native(programs, key, read_tables(found[key])))
    return found


def keep(programs, folder, boot):  # type: (Programs, str, str) -> bool
    """Takes a snapshot and saves it, before rules are loaded. False where that fails: it is the last means of many."""
    try:
        save(folder, boot, take(programs))
    except OSError:
        return False
    return True


def fall_back(programs, folder, boot, reason):  # type: (Programs, str, str, str) -> Optional[PutBack]
    """When firewalld can load nothing any more (*reason*): the saved snapshot. None where there is none. Never raises.

    It stays saved, so that whoever tries again has it, too.
    """
    texts = load(folder, boot)
    if texts is None:
        return None
    result = put_back(programs, texts)
    if result.done:
        mark(folder, boot, reason)
    return result


def cover(programs, folder, boot):  # type: (Programs, str, str) -> bool
    """Puts firewalld's tables of the saved snapshot beside those that run, under our name. Never raises.

    A packet has to pass both. So a reload that flushes and then fails leaves the host no more open than it was, until
    ``take_away``. False where there is nothing to do that with.
    """
    texts = load(folder, boot) or {}
    try:
        tables = [readable(table) for table in _of_firewalld(texts.get(_NFT, ""))]
        ours = [renamed(table, TABLE) for table in tables if table.name == _FIREWALLD]
        if ours:
            _feed(programs, _replacing(ours), ours)
        return bool(ours)
    # Whatever it is, the reload that follows is the way back.
    except Exception:  # pylint: disable=broad-except
        return False


def save(folder, boot, texts):  # type: (str, str, Dict[str, str]) -> None
    """Keeps a snapshot of this *boot* in *folder* for whoever goes back later, the timer too. Raises OSError."""
    _write(os.path.join(folder, _FILE), {"boot": boot, "texts": texts})


def load(folder, boot):  # type: (str, str) -> Optional[Dict[str, str]]
    """None where there is none of this *boot*: a host that has started since has rules of its own."""
    content = _read(os.path.join(folder, _FILE))
    texts = content.get("texts")
    if content.get("boot") != boot or not isinstance(texts, dict):
        return None
    return {str(key): text for key, text in texts.items() if isinstance(text, str)}


def forget(folder):  # type: (str) -> None
    """The rules that run are proven: nobody goes back to the earlier ones any more. Never raises."""
    for name in (_FILE, _MARK):
        try:
            remove(os.path.join(folder, name))
        except OSError:
            pass


def mark(folder, boot, words):  # type: (str, str, str) -> None
    """Writes down that the host runs on a snapshot, for whoever looks at it next. Never raises."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        _write(os.path.join(folder, _MARK), {"boot": boot, "time": moment, "words": words})
    except OSError:
        pass


def marked(folder, boot):  # type: (str, str) -> str
    """The sentence about a host that runs on a snapshot since this *boot*; empty where it does not."""
    content = _read(os.path.join(folder, _MARK))
    if not content or content.get("boot") != boot:
        return ""
    return "firewalld has failed, and the host runs on a snapshot of its rules since %s: %s" % (
        content.get("time"),
        content.get("words"),
    )


def put_back(programs, texts):  # type: (Programs, Dict[str, str]) -> PutBack
    """The rules of *texts*, as ``take`` gave them, back into the kernel, and proven. Never raises."""
    notes = []  # type: List[str]
    # Sets come before the rules that name them.
    for restore in (_restore_nft, _restore_sets, _restore_iptables):
        try:
            notes += restore(programs, texts)
        # Whatever it is, the other means are tried, too.
        except Exception as error:
            notes.append("%s: %s" % (type(error).__name__, error))
    told = "".join(" (%s)" % note for note in notes)
    try:
        now = take(programs)
        missing = differences(texts, now)
        filtering = filters(now)
    except Exception as error:
        return PutBack(False, "Whether the snapshot of the kernel's rules is back is not known: %s%s" % (error, told))
    if missing:
        return PutBack(False, "The snapshot of the kernel's rules is not what runs: %s%s" % ("; ".join(missing), told))
    if not filtering:
        return PutBack(False, "The snapshot of the kernel's rules is what runs, but it filters nothing%s" % told)
    return PutBack(True, "The host runs on a snapshot of the rules that the kernel had before%s" % told)


def filters(texts):  # type: (Dict[str, str]) -> bool
    """Whether anything in what ``take`` gave keeps a packet to the host away. A host where it is not lets all in."""
    for table in split(texts.get(_NFT, "")):
        text = "\n".join(table.lines)
        if _INPUT_HOOK.search(text) and _VERDICT.search(text):
            return True
    return any(keeps_away(texts.get(prefix, "")) for prefix in PREFIXES.values())


def stands_in(programs):  # type: (Programs) -> bool
    """Whether a table of ours stands in for firewalld's."""
    if programs.program(_NFT) is None:
        return False
    try:
        listed = programs.run(_NFT, "list", "tables")
    except CommandError:
        return False
    return any(line.split()[-1:] == [TABLE] for line in listed.splitlines())


def take_away(programs):  # type: (Programs) -> None
    """Our table goes when firewalld's rules are proven to be back. Raises CommandError."""
    for line in programs.run(_NFT, "list", "tables").splitlines() if stands_in(programs) else ():
        words = line.split()
        if words[-1] == TABLE:
            programs.run(_NFT, "delete", "table", words[1], TABLE)


def differences(texts, now):  # type: (Dict[str, str], Dict[str, str]) -> List[str]
    """What of firewalld's and of iptables' in *texts* is not there *now*, in words. Both as ``take`` gives them."""
    held = {(table.family, table.name): _words(table) for table in split(now.get(_NFT, ""))}
    missing = []
    for table in _of_firewalld(texts.get(_NFT, "")):
        wanted = _words(renamed(table, ""))
        names = (table.name, TABLE)
        if not any(_nameless(held.get((table.family, name)), name) == wanted for name in names):
            missing.append("table %s %s is another one" % (table.family, table.name))
    for prefix in PREFIXES.values():
        gone = what_is_gone(read_tables(texts.get(prefix, "")), read_tables(now.get(prefix, "")), set())
        if gone:
            missing.append("%stables lacks %d rules" % (prefix, gone.count("\n-A ")))
    return missing


def _words(table):  # type: (Table) -> List[str]
    """What it consists of, in an order of its own: the kernel lists a set's elements in any."""
    text = _MOMENTARY.sub("", "\n".join(readable(table).lines))
    return sorted(_WORD.findall(text))


def _nameless(words, name):  # type: (Optional[List[str]], str) -> Optional[List[str]]
    if words is None:
        return None
    kept = list(words)
    kept.remove(name)
    return kept


def _of_firewalld(text):  # type: (str) -> List[Table]
    return [table for table in split(text) if table.name == _FIREWALLD or table.name.startswith(_FIREWALLD + "_")]


def _restore_nft(programs, texts):  # type: (Programs, Dict[str, str]) -> List[str]
    """Notes for people. First under firewalld's own names; where they have an owner, under ours."""
    tables = [readable(table) for table in _of_firewalld(texts.get(_NFT, ""))]
    if not tables:
        return []
    kept = {(table.family, table.name) for table in tables}
    now = _of_firewalld(ruleset_text(programs, timeout=_SECONDS))
    extra = [table for table in now if (table.family, table.name) not in kept]
    try:
        return _feed(programs, _replacing(extra) + _replacing(tables), tables)
    except CommandError as error:
        first = error
    # firewalld's own tables, as good as empty, stay beside ours. One that drops everything would be in the way.
    for table in extra:
        try:
            programs.run(_NFT, "delete", "table", table.family, table.name)
        except CommandError:
            continue
    ours = [renamed(table, TABLE) for table in tables if table.name == _FIREWALLD]
    notes = _feed(programs, _replacing(ours), ours)
    return notes + [
        "in the table %s of our own, since nft cannot write to firewalld's: %s" % (TABLE, shorten(first.output, 1))
    ]


def _replacing(tables):  # type: (List[Table]) -> List[str]
    """Commands that leave nothing of these tables, whether they are there or not."""
    return [
        command % (table.family, table.name)
        for table in tables
        for command in ("add table %s %s", "delete table %s %s")
    ]


def _feed(programs, commands, tables):  # type: (Programs, List[str], List[Table]) -> List[str]
    """All of it in one transaction. Rules that nft printed and does not read are left out, and counted in the note."""
    lines = commands + [line for table in tables for line in table.lines]
    left_out = 0
    while True:
        try:
            programs.run(_NFT, "-f", "-", input="\n".join(lines) + "\n", timeout=_SECONDS)
        except CommandError as error:
            numbers = sorted({int(number) - 1 for number in _ERROR_LINE.findall(error.output)}, reverse=True)
            rules = [number for number in numbers if number < len(lines) and _is_rule(lines[number])]
            left_out += len(rules)
            if not rules or left_out > _MOST_LEFT_OUT:
                raise
            for number in rules:
                del lines[number]
            continue
        return ["without %d rules that nft does not read back" % left_out] if left_out else []


def _is_rule(line):  # type: (str) -> bool
    return (
        line.startswith("\t\t") and not line.endswith(("{", "}", ",")) and not line.startswith(("\t\ttype ", "\t\t\t"))
    )


def _restore_sets(programs, texts):  # type: (Programs, Dict[str, str]) -> List[str]
    """Those of the program ipset. A set that rules name can be filled, but not be replaced."""
    text = texts.get(_IPSET, "")
    lines = []
    for line in text.splitlines():
        lines.append(line)
        words = line.split()
        if words[:1] == ["create"]:
            lines.append("flush " + words[1])
    if not lines or programs.run(_IPSET, "save", timeout=_SECONDS) == text:
        return []
    try:
        programs.run(_IPSET, "-exist", "restore", input="\n".join(lines) + "\n", timeout=_SECONDS)
    except CommandError as error:
        return ["not all sets: %s" % error]
    return []


def _restore_iptables(programs, texts):  # type: (Programs, Dict[str, str]) -> List[str]
    notes = []
    for prefix in PREFIXES.values():
        text = texts.get(prefix, "")
        if "\n-A " not in text and ":INPUT DROP" not in text:
            continue
        now = read_tables(programs.run(prefix + "tables-save", timeout=_SECONDS))
        whole, missing = _iptables_input(text, read_tables(text), now)
        for words, more in ((whole, ["--wait"]), (missing, ["--noflush", "--wait"])):
            if words:
                try:
                    programs.run(prefix + "tables-restore", *more, input=words, timeout=_SECONDS)
                except CommandError as error:
                    notes.append("not all of iptables: %s" % error)
    return notes


def _iptables_input(text, before, now):  # type: (str, Tables, Tables) -> Tuple[str, str]
    """Whole tables of *text* where nothing new stands in the kernel, and what is missing in the others.

    Rules that somebody has added since, such as a container engine's, stay.
    """
    whole = []  # type: List[str]
    others = {}
    for section in _sections(text):
        name = section[0][1:].strip()
        rules, present = before[name][1], now.get(name, ([], []))[1]
        if rules == present:
            continue
        if set(present) <= set(rules):
            whole += section
        else:
            others[name] = before[name]
    return "".join(line + "\n" for line in whole), what_is_gone(others, now, set())


def _sections(text):  # type: (str) -> List[List[str]]
    found = []  # type: List[List[str]]
    for line in text.splitlines():
        if line.startswith("*"):
            found.append([])
        if found and line and not line.startswith("#"):
            found[-1].append(line)
    return found


def _write(path, content):  # type: (str, Dict[str, object]) -> None
    temporary = stage(path, json.dumps(content), ".new")
    os.chmod(temporary, 0o600)
    os.rename(temporary, path)


def _read(path):  # type: (str) -> Dict[str, object]
    """Empty where it is lost or damaged."""
    try:
        with open(path, "rb") as stream:
            content = json.loads(stream.read().decode("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
