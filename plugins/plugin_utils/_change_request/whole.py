# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request in all formats that are asked for: files, and a text that says what is in them and what is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import (
    ADD,
    Note,
    Output,
    Request,
    counted,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.registry import FORMATS
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.tables import Settings
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

#: The file with the notes.
NOTES = "notes.txt"

#: The key of the notes that hold for every format.
OF_ALL = "request"


@dataclass(frozen=True)
class Whole:
    """What is written into a folder."""

    #: Name -> content.
    files: Mapping[str, str | bytes]
    #: Names of files that an earlier request of the same formats can have left there, and this one has not.
    outdated: tuple[str, ...]
    #: Format, or OF_ALL, to sentences.
    notes: Mapping[str, tuple[str, ...]]
    #: Numbers of flows.
    summary: Mapping[str, int]
    #: What NOTES has, and what is printed.
    text: str


def write_request(request: Request, formats: Iterable[str], settings: Settings) -> Whole:
    """The files of all *formats*. Raises InputError where a format cannot be written, or has lost a flow."""
    files: dict[str, str | bytes] = {}
    notes = {OF_ALL: _texts(request.notes)}
    possible: list[str] = []
    blocks = [_about(request), *(f"  {text}" for text in notes[OF_ALL])]
    for name in dict.fromkeys(formats):
        output = FORMATS[name].render(request, settings)
        _require_all(name, request, output)
        files |= output.files
        possible += FORMATS[name].files
        notes[name] = _texts(output.notes)
        blocks += [
            "",
            f"{name}: {', '.join(output.files) or 'nothing to write'}",
            *(f"  {text}" for text in notes[name]),
        ]
    adds = sum(flow.change == ADD for flow in request.flows)
    summary = {"add": adds, "remove": len(request.flows) - adds, "inside_zones": request.inside_zones}
    text = "\n".join(blocks)
    files[NOTES] = f"{text}\n"
    return Whole(files, tuple(name for name in possible if name not in files), notes, summary, text)


def _texts(notes: Iterable[Note]) -> tuple[str, ...]:
    """Names of hosts are in them, and each is one line."""
    return tuple(printable(note.text, keep="") for note in notes)


def _require_all(name: str, request: Request, output: Output) -> None:
    told = output.flows + sum(note.flows for note in output.notes)
    if told != len(request.flows):
        raise InputError(
            "The change request is not written",
            [f"{name} has {counted(told)} instead of {len(request.flows)}; please report this as a bug"],
        )


def _about(request: Request) -> str:
    adds = sum(flow.change == ADD for flow in request.flows)
    if request.before is None:
        return f"Change request: {counted(adds)} to add"
    return f"Change request: {counted(adds)} to add, {counted(len(request.flows) - adds)} to remove"
