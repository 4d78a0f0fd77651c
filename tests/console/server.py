# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in's server: the protocol of the console's REST API over TLS, on the loopback only.

No real console was available. Token, versions, ranges, filters, fields, and error bodies follow the documentation.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
import time

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.jsa.ports.tests.console.deployment import Deployment
from ansible_collections.jsa.ports.tests.console.faults import Fault
from ansible_collections.jsa.ports.tests.console.filters import FilterError, parse_fields, parse_filter, select
from ansible_collections.jsa.ports.tests.console.resources import (
    ApiError,
    Question,
    find_endpoint,
)

TOKEN = "11111111-2222-3333-4444-555555555555"

#: As a release offers them: its own and two before it; older ones are deprecated, then removed.
VERSIONS: tuple[dict[str, Any], ...] = tuple(
    {"id": number, "version": f"{number}.0", "deprecated": number < 24, "removed": number < 20}
    for number in range(12, 27)
)


@dataclass
class Request:
    """What the stand-in was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None


@dataclass
class StandIn:
    """A running stand-in. As a context manager, it ends with the block."""

    deployment: Deployment
    #: Folder with server.pem and server.key.
    certificates: Path
    token: str = TOKEN
    versions: tuple[dict[str, Any], ...] = VERSIONS
    port: int = 0
    faults: dict[str, Fault] = field(default_factory=dict)
    #: Paths of ENDPOINTS that the token must not use.
    denied: set[str] = field(default_factory=set)
    #: Whether hosts can connect: (id of the managed host, address, port) -> the validator's result.
    reach: dict[tuple[int, str, int], str] = field(default_factory=dict)
    #: Called before a request is answered, to change the deployment meanwhile.
    before: Callable[[Request], None] | None = None
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> StandIn:
        self._faulted: dict[str, int] = {}
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"console": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificates / "server.pem", self.certificates / "server.key")
        # A client that says nothing keeps only its own thread waiting.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_path(self) -> Path:
        return self.certificates / "ca.pem"

    def asked(self) -> list[str]:
        """Method and path of each request."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def fault_of(self, path: str) -> Fault | None:
        """The fault of the next request to *path*."""
        with self._lock:
            fault = self.faults.get(path) or self.faults.get("*")
            if fault is None:
                return None
            number = self._faulted[path] = self._faulted.get(path, 0) + 1
        happened = number - fault.after
        return fault if happened > 0 and (fault.times is None or happened <= fault.times) else None

    def version_of(self, text: str | None) -> dict[str, Any]:
        """The version that the API takes for the header Version. Raises ApiError."""
        offered = [one for one in self.versions if not one["removed"]]
        if text is None:
            return offered[-1]
        if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
            raise ApiError(422, 1001, f"Version {text} is not valid")
        asked = float(text)
        if any(one["removed"] and float(one["version"]) == asked for one in self.versions):
            raise ApiError(422, 36, f"Version {text} has been removed")
        below = [one for one in offered if float(one["version"]) <= asked]
        if not below:
            raise ApiError(422, 36, f"Version {text} has been removed")
        return below[-1]


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    console: StandIn
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests look at the list of requests."""

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            # The client did not like the certificate, or went away.
            self.close_connection = True

    def do_GET(self) -> None:
        self._answer("GET")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path).removeprefix("/api")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        request = Request(method, path, query, dict(self.headers), json.loads(body) if body else None)
        self.console.requests.append(request)
        fault = self.console.fault_of(path) or Fault()
        time.sleep(fault.delay)
        if fault.closes:
            self.close_connection = True
            return
        if fault.redirect is not None:
            self._send(302, "", {"Location": fault.redirect}, fault)
        elif fault.text is not None:
            self._send(fault.status or 200, fault.text, {"Content-Type": "text/html"}, fault)
        else:
            self._send_result(request, fault)

    def _send_result(self, request: Request, fault: Fault) -> None:
        headers: dict[str, str] = {"Content-Type": "application/json"}
        try:
            if fault.status is not None:
                raise ApiError(fault.status, fault.code, fault.message)
            status, value = 200, self._result(request, headers)
        except ApiError as error:
            status, value = error.status, error.as_dict()
        self._send(status, json.dumps(value), headers, fault)

    def _result(self, request: Request, headers: dict[str, str]) -> Any:
        console = self.console
        if self.headers.get("SEC") != console.token:
            raise ApiError(401, 18, 'No SEC header present in request. Please provide it via "SEC: token".')
        version = console.version_of(self.headers.get("Version"))
        if version["deprecated"]:
            headers["Deprecated"] = f"Version {version['version']} is deprecated"
        found = find_endpoint(request.method, request.path, version["id"])
        if found is None:
            raise ApiError(404, 1002, f"{request.path} was not found")
        endpoint, arguments = found
        if endpoint.path in console.denied:
            raise ApiError(403, 26, "You do not have the proper capability to perform the operation.")
        if console.before:
            console.before(request)
        value = endpoint.answer(Question(console, arguments, request.body))
        if isinstance(value, list) and request.method == "GET":
            try:
                value = self._part(value, request, headers, endpoint.has_range)
            except FilterError as error:
                raise ApiError(422, 1010, str(error)) from error
        elif "fields" in request.query:
            value = select(value, parse_fields(request.query["fields"]))
        return value

    def _part(self, items: list[Any], request: Request, headers: dict[str, str], has_range: bool) -> list[Any]:
        if "filter" in request.query:
            items = [item for item in items if parse_filter(request.query["filter"])(item)]
        text = self.headers.get("Range")
        if text and has_range:
            match = re.fullmatch(r"items=([0-9]+)-([0-9]+)", text)
            if not match:
                raise ApiError(422, 1001, f"Range {text} is not valid")
            first, last = int(match[1]), int(match[2])
            total, items = len(items), items[first : last + 1]
            shown = f"{first}-{first + len(items) - 1}" if items else "*"
            headers["Content-Range"] = f"items {shown}/{total}"
        fields = request.query.get("fields")
        return select(items, parse_fields(fields)) if fields else items

    def _send(self, status: int, text: str, headers: Mapping[str, str], fault: Fault) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if not fault.trickle:
            self.wfile.write(data)
            return
        for number in range(len(data)):
            self.wfile.write(data[number : number + 1])
            self.wfile.flush()
            time.sleep(fault.trickle)
