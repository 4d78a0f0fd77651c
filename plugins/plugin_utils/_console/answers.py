# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an answer of the console to a value, or to one line that says what is wrong and how to correct it."""

from __future__ import annotations

import json

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._console.access import Access
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import ConsoleError, Response

_OK = (200, 201, 202, 206)
#: Of what the console says.
_SHOWN = 200


class MissingError(ConsoleError):
    """The console does not have the resource."""


class ForbiddenError(ConsoleError):
    """The token has no right to the resource."""


class RejectedError(ConsoleError):
    """The console does not take the request as it is (HTTP 422), or has a conflict (HTTP 409)."""


class BusyError(ConsoleError):
    """The console answered with an error of its own: another attempt can succeed."""


def value_of(response: Response, access: Access, what: str) -> Any:
    """The JSON value of an answer. *what*: method and path. Raises ConsoleError."""
    if response.status in _OK:
        try:
            return json.loads(response.body)
        except ValueError:
            raise ConsoleError(
                f"{access.url} answered {what} with something other than JSON: check that url is the address of the "
                "console, not of a proxy or a login page"
            ) from None
    raise _error(response, access, what)


def _error(response: Response, access: Access, what: str) -> ConsoleError:
    status, said = response.status, _said(response, access)
    if 300 <= status < 400:
        target = _cut(access.hidden(response.headers.get("location", "another address")))
        return ConsoleError(
            f"{access.url} redirects {what} to {target}: the token is not sent there; set url to the console itself"
        )
    if status == 401:
        return ConsoleError(
            f"{access.url} rejected the token (HTTP 401{said}): it is wrong or expired; create an authorized service "
            "on the console, deploy the change, and set JSA_TOKEN to its token"
        )
    if status == 403:
        return ForbiddenError(f"{access.url}: the token has no right to {what} (HTTP 403{said})")
    if status == 404:
        return MissingError(f"{access.url} does not have {what} (HTTP 404{said})")
    if status == 422 and "has been removed" in said:
        return ConsoleError(
            f"{access.url} no longer has this version of the API (HTTP 422{said}): remove api_version to negotiate it, "
            "or set it to a newer one"
        )
    if status in (409, 422):
        return RejectedError(f"{access.url} did not accept {what} (HTTP {status}{said})")
    if status >= 500 or status == 429:
        return BusyError(
            f"{access.url} failed to answer {what} (HTTP {status}{said}): try again, or see the console's log"
        )
    return ConsoleError(f"{access.url} answered {what} with HTTP {status}{said}: check url and the console's log")


def _said(response: Response, access: Access) -> str:
    """The message of the API's error body, to go on with a sentence; empty if there is none."""
    try:
        document = json.loads(response.body)
    except ValueError:
        return ""
    if not isinstance(document, Mapping):
        return ""
    code, message = document.get("code"), document.get("message")
    parts = [f"code {code}"] if isinstance(code, int) else []
    parts += [_cut(access.hidden(message))] if isinstance(message, str) and message else []
    return "".join(f", {part}" for part in parts)


def _cut(text: str) -> str:
    text = printable(" ".join(text.split()), keep="")
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
