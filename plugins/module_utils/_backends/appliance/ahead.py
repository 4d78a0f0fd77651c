# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules beside ours that decide before them, and rules behind ours that nothing is left for. Runs on Python 3.6.

What counts is where a rule comes to stand in the chain INPUT, not where its line stands in a file. The kernel says what
holds now. The files, carried out line by line, say what will hold when the product builds its rules the next time.
"""

from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.apply import Bodies, Host, Situation
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.parse import (
    Form,
    Line,
    read_rules,
    running_rules,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.placing import before_ours, files_rules
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import POST, PRE
from ansible_collections.jsa.ports.plugins.module_utils._families import LABELS
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, merge_ranges, subtract

#: They pass a packet on.
_PASSING = ("LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "AUDIT", "TRACE")
_SAID_ABOUT_NOBODY = ("--comment", "--reject-with")
_PORTS = ("--dport", "--dports")
_EVERY_PORT = [(0, 65535)]

_PRODUCT = "A rule of the product"
_AHEAD = "%s (%s) is evaluated before the rules of the plan, so the plan does not hold for its packets: %s"
_WITHOUT_EFFECT = (
    "%s (%s) has no effect, because the rules of the plan are evaluated before it and decide on all of its packets: %s"
)


class _Beside(NamedTuple):
    """A rule that is not ours."""

    line: Line
    #: Where it comes from, as the subject of a sentence.
    origin: str


class _View(object):
    """What one family of a host has, and what it will have when the product builds its rules the next time."""

    def __init__(self, host, situation, wanted, family):  # type: (Host, Situation, Bodies, str) -> None
        self.placed = files_rules(host.files, wanted, family)
        self.running = running_rules(situation.live[family])
        self.chains = _chains(situation.live[family])
        self._paths = {one.line.form: one.path for one in self.placed}
        self._generated = {line.form for line in read_rules(situation.generated.get(host.files.generated[family], ""))}

    def beside(self, line):  # type: (Line) -> _Beside
        if line.form in self._paths:
            return _Beside(line, "A rule of the site in %s" % self._paths[line.form])
        if line.form in self._generated:
            return _Beside(line, _PRODUCT)
        return _Beside(line, "A running rule that is in no file of the product")


def beside_warnings(host, situation, wanted):  # type: (Host, Situation, Bodies) -> List[str]
    """A sentence for each such rule, where *wanted* are our lines."""
    found = []
    for family in host.families:
        if PRE[family] not in wanted:
            continue
        view = _View(host, situation, wanted, family)
        for text, rules in ((_AHEAD, _ahead(view)), (_WITHOUT_EFFECT, _without_effect(view, wanted, family))):
            found += [text % (one.origin, LABELS[family], one.line.text) for one in rules]
    return found


def _ahead(view):  # type: (_View) -> List[_Beside]
    lines = before_ours(view.running) if any(line.ours for line in view.running) else []
    known = {line.form for line in lines}
    lines += [line for line in before_ours([one.line for one in view.placed]) if line.form not in known]
    return [view.beside(line) for line in lines if _decides(line.form, view.chains)]


def _without_effect(view, wanted, family):  # type: (_View, Bodies, str) -> List[_Beside]
    decided = _decided(read_rules(wanted[PRE[family]]))
    placed = [one.line for one in view.placed]
    behind = placed[len(before_ours(placed)) :]
    lines = [line for line in behind if not line.ours and _covered(line.form, decided)]
    if POST[family] in wanted:
        # Our last rule is for everyone.
        last = max(index for index, line in enumerate(placed) if line.ours)
        lines += [line for line in placed[last + 1 :] if line not in lines]
    found = [view.beside(line) for line in lines]
    running = view.running[len(before_ours(view.running)) :]
    for line in running:
        if not line.ours and line not in lines and _covered(line.form, decided):
            one = view.beside(line)
            # The product's own are there whatever anybody plans; whoever wrote a file is told of its lines above.
            if one.origin != _PRODUCT and line.form not in {other.line.form for other in found}:
                found.append(one)
    return found


# What a rule does


def _chains(text):  # type: (str) -> Dict[str, List[str]]
    """Chain of somebody's own -> targets of its rules."""
    found = {}  # type: Dict[str, List[str]]
    for raw in text.splitlines():
        words = raw.split()
        if raw.startswith(":") and words[1:2] == ["-"]:
            found.setdefault(words[0][1:], [])
        elif len(words) > 2 and words[0] == "-A":
            targets = [words[index + 1] for index in range(len(words) - 1) if words[index] in ("-j", "-g")]
            found.setdefault(words[1], []).extend(targets)
    return found


def _decides(form, chains):  # type: (Form, Dict[str, List[str]]) -> bool
    """Whether a rule can decide on a packet in another way than ours, which follow, would."""
    options = {name: values for name, values in form if name not in _SAID_ABOUT_NOBODY}
    target = (options.pop("-j", None) or options.pop("-g", None) or ("",))[0]
    if target == "ACCEPT" and options == {"-i": ("lo",)}:
        return False
    if (
        target == "ACCEPT"
        and list(options) == ["--ctstate"]
        and set(options["--ctstate"]) <= {"RELATED", "ESTABLISHED"}
    ):
        return False
    return _ends(target, chains, 0)


def _ends(target, chains, depth):  # type: (str, Dict[str, List[str]], int) -> bool
    if target in ("", "RETURN") or target in _PASSING:
        return False
    if target not in chains or depth > 5:
        # ACCEPT, DROP, REJECT, or something that is not known: a chain that the files make, and nobody has loaded yet.
        return True
    return any(_ends(one, chains, depth + 1) for one in chains[target])


def _decided(ours):  # type: (Iterable[Line]) -> Dict[str, List[PortRange]]
    """Protocol -> ports on which our rules decide for everyone. All of them, for a protocol without ports."""
    found = {}  # type: Dict[str, List[PortRange]]
    for line in ours:
        options = {name: values for name, values in line.form if name not in _SAID_ABOUT_NOBODY}
        options.pop("-j", None)
        protocol = options.pop("-p", ("",))[0]
        ports = _ports(options)
        if protocol and not options and ports is not None:
            found.setdefault(protocol, []).extend(ports or _EVERY_PORT)
    return {protocol: merge_ranges(ranges) for protocol, ranges in found.items()}


def _covered(form, decided):  # type: (Form, Dict[str, List[PortRange]]) -> bool
    options = dict(form)
    protocol = options.get("-p", ("",))[0]
    if protocol not in decided:
        return False
    ports = _ports(options)
    return ports is not None and not subtract(merge_ranges(ports or _EVERY_PORT), decided[protocol])


def _ports(options):  # type: (Dict[str, Tuple[str, ...]]) -> Optional[List[PortRange]]
    """Takes them out of *options*. Empty where there are none; None where one of them is not a number."""
    found = []
    for name in _PORTS:
        for part in ",".join(options.pop(name, ())).split(","):
            first, _colon, last = part.partition(":")
            if first.isdigit() and (last or first).isdigit():
                found.append((int(first), int(last or first)))
            elif part:
                return None
    return found
