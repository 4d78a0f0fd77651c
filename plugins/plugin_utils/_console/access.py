# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the console is and how it is asked."""

from __future__ import annotations

import re

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError

_VERSION = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?")
#: What a header can hold.
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Access:
    """Where the console is and how it is asked. Never contains more than one console."""

    #: Without a slash at the end, and without /api.
    url: str
    token: str = field(repr=False)
    #: None to negotiate it.
    version: str | None = None
    #: Items per request.
    page_size: int = 500

    @classmethod
    def of(cls, url: str | None, token: str | None, version: str | None, page_size: int) -> Access:
        """From options. Raises ConsoleError."""
        if not url:
            raise ConsoleError(
                "url is not set: set it to the address of the console, such as https://console.example.com"
            )
        try:
            parts = urlsplit(url)
            valid = parts.scheme == "https" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            valid = False
            parts = urlsplit("")
        if not valid or parts.username or parts.query or parts.fragment or parts.path.rstrip("/") not in ("", "/api"):
            raise ConsoleError(
                "url is not the address of a console: expected https:// and the console's name, such as "
                "https://console.example.com; the token must not be sent without encryption"
            )
        if not token:
            raise ConsoleError(
                "no token: set the option token or the environment variable JSA_TOKEN to the token of an authorized "
                "service of the console"
            )
        if not _TOKEN.fullmatch(token):
            raise ConsoleError("the token contains spaces or other characters that no token has: copy it again")
        if version is not None and not _VERSION.fullmatch(version):
            raise ConsoleError(
                "api_version is not valid: expected a version such as 26.0, or leave it out to negotiate it"
            )
        if page_size < 1:
            raise ConsoleError(f"page_size is {page_size}: expected 1 or more")
        return cls(f"https://{parts.netloc}", token, version, page_size)

    def hidden(self, text: str) -> str:
        """*text* without the token, whoever wrote it there."""
        return text.replace(self.token, "********")
