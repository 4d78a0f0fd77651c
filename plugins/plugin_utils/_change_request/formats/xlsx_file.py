# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XLSX through xlsxwriter: texts are written as texts, so that nothing in them is calculated."""

from __future__ import annotations

import datetime
import io

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import Note, Output, Request, counted
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.tables import (
    FLOWS,
    TABLE_NAMES,
    Settings,
    Table,
    tables,
)

try:
    import xlsxwriter
except ImportError as error:
    XLSXWRITER_IMPORT_ERROR: ImportError | None = error
else:
    XLSXWRITER_IMPORT_ERROR = None

SUFFIX = "xlsx"
FILES = tuple(f"{name}.{SUFFIX}" for name in TABLE_NAMES)

#: Of a worksheet, the headings too.
MOST_ROWS = 1048576

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}

#: The same request is the same file, byte for byte.
_CREATED = datetime.datetime(2026, 1, 1)

_WIDEST = 60


def render_xlsx(request: Request, settings: Settings, most_rows: int = MOST_ROWS) -> Output:
    """A file with one worksheet for each family and form, because some tools read only the first."""
    files: dict[str, str | bytes] = {}
    notes = []
    flows = 0
    for one in tables(request, settings):
        kept = one.flows[: most_rows - 1]
        left_out = sum(one.flows) - sum(kept)
        files[f"{one.name}.{SUFFIX}"] = _workbook(one, len(kept))
        if one.name.startswith(FLOWS):
            flows += sum(kept)
        if left_out:
            text = f"left out of {one.name}.{SUFFIX}, because a worksheet has no room for them: {counted(left_out)}"
            notes.append(Note(text, left_out if one.name.startswith(FLOWS) else 0))
    return Output(files, flows, tuple(notes))


def _workbook(one: Table, lines: int) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as workbook:
        workbook.set_properties({"created": _CREATED})
        sheet = workbook.add_worksheet(one.name)
        bold = workbook.add_format({"bold": True})
        rows = one.rows[: lines + 1]
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, bold if number == 0 else None)
        for column in range(len(rows[0])):
            widest = max(len(row[column]) for row in rows)
            sheet.set_column(column, column, min(widest, _WIDEST) + 2)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows) - 1, len(rows[0]) - 1)
    return content.getvalue()
