# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The formats of a change request. A new one is a function and a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.formats import (
    aerleon_files,
    aerleon_terms,
    csv_file,
    junos,
    xlsx_file,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import Output, Request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.tables import Settings


@dataclass(frozen=True)
class Format:
    """One format of a request."""

    render: Callable[[Request, Settings], Output]
    #: Names of all files that it can write: those of an earlier request that it does not write are out of date.
    files: tuple[str, ...]
    #: The Python library that it needs, and what importing it said.
    library: str | None = None
    library_error: ImportError | None = None


FORMATS: dict[str, Format] = {
    "csv": Format(csv_file.render_csv, csv_file.FILES),
    "xlsx": Format(xlsx_file.render_xlsx, xlsx_file.FILES, "xlsxwriter", xlsx_file.XLSXWRITER_IMPORT_ERROR),
    "junos": Format(junos.render_junos, junos.FILES),
    **{
        name: Format(
            aerleon_files.renderer(name), aerleon_files.files_of(name), "aerleon", aerleon_terms.AERLEON_IMPORT_ERROR
        )
        for name in aerleon_files.TARGETS
    },
}

DEFAULT_FORMATS = ("csv", "xlsx", "junos")
