# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and texts that firewalls take: what an inventory calls something is put into few, harmless characters."""

from __future__ import annotations

import hashlib
import re

#: Of all objects that a request makes, so that they are told from those of the site.
PREFIX = "jsa_"

_HARMLESS_TEXT = re.compile(r"[^A-Za-z0-9 .,:;/()_+-]")
_HARMLESS_NAME = re.compile(r"[^A-Za-z0-9-]+")
_HASH_LENGTH = 8


def harmless(text: str, longest: int) -> str:
    """*text* for a comment or a description: ASCII, on one line, without a character that ends one."""
    text = _HARMLESS_TEXT.sub("?", text)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def hashed_name(parts: tuple[str, ...], longest: int = 63) -> str:
    """A name for *parts*, another one for others, at most *longest* characters: readable, with a hash at its end."""
    digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:_HASH_LENGTH]
    readable = "_".join(_HARMLESS_NAME.sub("-", part).strip("-") for part in parts if part)
    return f"{PREFIX}{readable[: longest - len(PREFIX) - 1 - _HASH_LENGTH]}_{digest}"


def cidr_name(cidr: str) -> str:
    """A name for a canonical CIDR: ``jsa_10-0-0-1_32``, ``jsa_fd00--1_128``. Every CIDR has its own."""
    return PREFIX + cidr.replace(".", "-").replace(":", "-").replace("/", "_")
