# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text of others, made safe for terminals and files. Runs on Python 3.6.

A process chooses its name, a peer its answer, and the site its rules: each may have a terminal's sequences in it. So
what a module returns, and what an action prints, goes through here.
"""

import math
import unicodedata

from typing import Any

#: Control characters, such as the ESC of a terminal's sequences; marks that reorder text; lone surrogates; the ends of
#: lines and paragraphs that only some readers know.
_UNPRINTABLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
#: No characters at all, and forbidden in XML.
_NONE = "\ufffe\uffff"


def printable(text, keep="\n"):  # type: (str, str) -> str
    """*text* with each character that a terminal or a reader would not show as itself written as Python escapes it.

    Those in *keep* stay, by default the end of a line.
    """
    if text.isprintable() and not any(character in text for character in _NONE):
        return text
    # Each character once, however long the text is.
    shown = {ord(character): _shown(character) for character in set(text).difference(keep)}
    return text.translate(shown)


def _shown(character):  # type: (str) -> str
    if unicodedata.category(character) in _UNPRINTABLE or character in _NONE:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def plain(value):  # type: (Any) -> Any
    """*value*, as JSON has it, with every text in it printable, keys included; JSON has no NaN and no infinity."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
