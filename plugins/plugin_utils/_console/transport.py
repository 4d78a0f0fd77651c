# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the client of the console's API hands to whatever speaks HTTPS, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class ConsoleError(ValueError):
    """Why the console could not be used: one line, with the remedy."""


class TimedOutError(ConsoleError):
    """The console took too long for one answer."""


@dataclass(frozen=True)
class Request:
    """One request. *url* is complete; *secret* headers must not be sent to any other address."""

    method: str
    url: str
    headers: Mapping[str, str]
    secret: Mapping[str, str] = field(repr=False)
    body: bytes | None = None


@dataclass(frozen=True)
class Response:
    """An answer with any status. The names of *headers* are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Sends requests and follows no redirect."""

    def send(self, request: Request) -> Response:
        """Raises ConsoleError if there is no answer."""
