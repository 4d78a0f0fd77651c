# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the requests to the console's API, with Ansible's own HTTP functions."""

from __future__ import annotations

import http.client
import ssl
import time

from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ansible.module_utils.urls import ConnectionError as UrlConnectionError
from ansible.module_utils.urls import SSLValidationError, open_url

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._console.access import Access
from ansible_collections.jsa.ports.plugins.plugin_utils._console.client import Client
from ansible_collections.jsa.ports.plugins.plugin_utils._console.transport import (
    ConsoleError,
    Request,
    Response,
    TimedOutError,
)

#: Bytes read at once, and the largest answer that is read: pages of 2,000 items are smaller.
_CHUNK = 1 << 16
_LARGEST = 1 << 27


@dataclass(frozen=True)
class UrlTransport:
    """Each request has a connection of its own, as Ansible's functions work. Follows no redirect, reads no netrc."""

    #: Seconds for one answer.
    timeout: float
    validate_certs: bool = True
    #: File with the certificates of the authorities to trust.
    ca_path: str | None = None

    def send(self, request: Request) -> Response:
        """Raises ConsoleError if there is no answer."""
        deadline = time.monotonic() + self.timeout
        try:
            answer = self._open(request)
            with answer:
                body = _read(answer, deadline)
                headers = {str(name).lower(): str(value) for name, value in answer.headers.items()}
                return Response(int(answer.status), headers, body)
        except (OSError, http.client.HTTPException, UrlConnectionError, SSLValidationError) as error:
            raise self._error(request, error) from error

    def _open(self, request: Request) -> Any:
        try:
            return open_url(
                request.url,
                data=request.body,
                method=request.method,
                headers={**request.headers, **request.secret},
                unredirected_headers=list(request.secret),
                follow_redirects="none",
                force=True,
                timeout=self.timeout,
                validate_certs=self.validate_certs,
                ca_path=self.ca_path,
                use_netrc=False,
            )
        except HTTPError as error:
            # An answer, too.
            return error

    def _error(self, request: Request, error: BaseException) -> ConsoleError:
        parts = urlsplit(request.url)
        where = f"https://{parts.netloc}"
        cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, BaseException) else error
        if isinstance(cause, TimeoutError):
            return TimedOutError(
                f"{where} did not answer {request.method} {parts.path} within {self.timeout:g} seconds: check that the "
                "console is up, or increase timeout"
            )
        return ConsoleError(self._explained(where, cause))

    def _explained(self, where: str, cause: BaseException) -> str:
        said = printable(" ".join(str(cause).split()), keep="")[:200]
        if isinstance(cause, (ssl.SSLError, SSLValidationError)):
            return (
                f"the certificate of {where} could not be verified ({said}): set ca_path to the certificate of the "
                "authority that signed it, and use the name in url that the certificate is for"
            )
        if isinstance(cause, FileNotFoundError) and self.ca_path:
            return f"ca_path: {self.ca_path} does not exist: set it to the file with the authority's certificate"
        return f"no connection with {where} ({said or type(cause).__name__}): check url and the way to the console"


def client_of(access: Access, *, timeout: float, validate_certs: bool, ca_path: str | None) -> Client:
    """A client of the console. Raises ConsoleError if an option is not valid. Connects to nothing yet."""
    if not 0 < timeout <= 3600:
        raise ConsoleError(f"timeout is {timeout:g}: expected more than 0 and at most 3600 seconds")
    return Client(access, UrlTransport(timeout, validate_certs, ca_path))


def _read(answer: Any, deadline: float) -> bytes:
    """The whole body. Raises TimeoutError after the deadline, also if the console sends a byte now and then."""
    chunks: list[bytes] = []
    size = 0
    while True:
        chunk = answer.read1(_CHUNK) if hasattr(answer, "read1") else answer.read(_CHUNK)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
        if size > _LARGEST:
            raise OSError("the answer is too large; decrease page_size")
        if time.monotonic() > deadline:
            raise TimeoutError("the answer took too long")
