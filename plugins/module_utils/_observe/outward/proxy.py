# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connects through an HTTP proxy. Runs on Python 3.6."""

import base64
import re

from ansible_collections.jsa.ports.plugins.module_utils._observe.client import Deadline, ExchangeError, Stream
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import (
    PROXY_REFUSED,
    PROXY_UNREACHABLE,
    FailedError,
    Proxy,
    Target,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.peers import connect, resolve
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import UNREACHABLE

_STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3})(?: ([ -~]{0,80}))?")


def connect_through(proxy, target, deadline):  # type: (Proxy, Target, Deadline) -> Stream
    """A connection to *target* made by the proxy, which also looks its name up. Raises FailedError."""
    try:
        stream = connect(resolve(proxy.host), proxy.port, deadline)
    except FailedError as error:
        raise FailedError(PROXY_UNREACHABLE, "the proxy %s: %s" % (proxy.text, error.reason))
    try:
        stream.send(request(proxy, target))
        head = stream.recv_until(b"\r\n\r\n")
        _judge(proxy, target, head)
    except ExchangeError as error:
        stream.sock.close()
        raise FailedError(PROXY_UNREACHABLE, "the proxy %s: %s" % (proxy.text, error.reason))
    except FailedError:
        stream.sock.close()
        raise
    return stream


def request(proxy, target):  # type: (Proxy, Target) -> bytes
    """The CONNECT request for *target* (RFC 9110), with Basic credentials (RFC 7617) if the proxy has any."""
    lines = ["CONNECT %s HTTP/1.1" % target.text, "Host: %s" % target.text]
    if proxy.user is not None:
        pair = "%s:%s" % (proxy.user, proxy.password or "")
        lines.append("Proxy-Authorization: Basic %s" % base64.b64encode(pair.encode("utf-8")).decode("ascii"))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _judge(proxy, target, head):  # type: (Proxy, Target, bytes) -> None
    match = _STATUS.match(head)
    if not match:
        raise FailedError(PROXY_REFUSED, "%s is not an HTTP proxy: its answer is not HTTP" % proxy.text)
    code = int(match.group(1))
    said = "%d %s" % (code, (match.group(2) or b"").decode("ascii"))
    if 200 <= code < 300:
        return
    if code == 407 and proxy.user is None:
        raise FailedError(PROXY_REFUSED, "the proxy %s requires a user name and a password (407)" % proxy.text)
    if code == 407:
        raise FailedError(PROXY_REFUSED, "the proxy %s rejects the user name or password (407)" % proxy.text)
    if code == 403:
        raise FailedError(PROXY_REFUSED, "the proxy %s forbids %s (403)" % (proxy.text, target.text))
    if code in (502, 503, 504):
        raise FailedError(UNREACHABLE, "the proxy %s cannot reach %s (%s)" % (proxy.text, target.text, said))
    raise FailedError(PROXY_REFUSED, "the proxy %s rejects %s (%s)" % (proxy.text, target.text, said))
