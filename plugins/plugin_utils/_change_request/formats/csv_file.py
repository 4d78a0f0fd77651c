# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CSV as in RFC 4180, safe to be opened in a spreadsheet."""

from __future__ import annotations

import csv
import io

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import Note, Output, Request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.tables import (
    FLOWS,
    TABLE_NAMES,
    Settings,
    tables,
)

SUFFIX = "csv"
FILES = tuple(f"{name}.{SUFFIX}" for name in TABLE_NAMES)

_BOM = "\ufeff"

#: What begins a formula, in one spreadsheet or another: the signs, and the same ones of full width.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def render_csv(request: Request, settings: Settings) -> Output:
    """A file for each family and form."""
    files: dict[str, str | bytes] = {}
    flows = 0
    quoted = False
    for one in tables(request, settings):
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        for row in one.rows:
            cells = [without_formula(cell) for cell in row]
            quoted = quoted or cells != row
            writer.writerow(cells)
        files[f"{one.name}.{SUFFIX}"] = (_BOM if settings.bom else "") + text.getvalue()
        if one.name.startswith(FLOWS):
            flows += sum(one.flows)
    notes = [Note("some texts begin with ', because a spreadsheet would take them for formulas")] if quoted else []
    return Output(files, flows, tuple(notes))


def without_formula(cell: str) -> str:
    """*cell* with a ``'`` before it, where a spreadsheet would calculate it."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
