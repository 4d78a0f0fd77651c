# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text from hosts and inventories, made safe for terminals and file names."""

from __future__ import annotations

import unicodedata

from urllib.parse import quote

#: Control characters, such as the ESC of a terminal's sequences; marks that reorder text; lone surrogates.
_UNPRINTABLE = frozenset(("Cc", "Cf", "Cs"))
#: No characters at all, and forbidden in XML.
_NONE = "\ufffe\uffff"


def printable(text: str, keep: str = "\n") -> str:
    """*text* with each character that a terminal or a reader would not show as itself written as Python escapes it.

    Those in *keep* stay, by default the end of a line.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character in keep else _shown(character) for character in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) in _UNPRINTABLE or character in _NONE:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def file_name(name: str) -> str:
    """A file's name for a host's *name*: another one for each, without a folder in it, and not hidden.

    Letters and digits of ASCII and ``_ . - ~`` stay. Everything else, and a dot at the beginning, is percent-encoded as
    in RFC 3986: ``../x`` becomes ``%2E.%2Fx``.
    """
    encoded = quote(name, safe="", errors="surrogatepass")
    return f"%2E{encoded[1:]}" if encoded.startswith(".") else encoded
