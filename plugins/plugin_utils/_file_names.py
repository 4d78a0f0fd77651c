# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names from inventories, made safe for file names."""

from __future__ import annotations

from urllib.parse import quote


def file_name(name: str) -> str:
    """A file's name for a host's *name*: another one for each, without a folder in it, and not hidden.

    Letters and digits of ASCII and ``_ . - ~`` stay. Everything else, and a dot at the beginning, is percent-encoded as
    in RFC 3986: ``../x`` becomes ``%2E.%2Fx``.
    """
    encoded = quote(name, safe="", errors="surrogatepass")
    return f"%2E{encoded[1:]}" if encoded.startswith(".") else encoded
