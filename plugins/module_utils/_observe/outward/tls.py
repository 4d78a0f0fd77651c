# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does a TLS handshake, and verifies the certificate. Sends no request. Runs on Python 3.6."""

import errno
import socket
import ssl

from typing import Any, Dict, List, Optional, Union

from ansible_collections.jsa.ports.plugins.module_utils._observe import client
from ansible_collections.jsa.ports.plugins.module_utils._observe.client import Deadline, Stream
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward import certificate
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import (
    CERTIFICATE_INVALID,
    TLS_FAILED,
    FailedError,
    Proxy,
    Target,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.peers import connect
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.proxy import connect_through
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import NO_ANSWER

Way = Union[Proxy, List[str]]

_VERIFY_FAILED = "CERTIFICATE_VERIFY_FAILED"


class _UntrustedError(Exception):
    """The certificate could not be verified. The argument is the reason."""


def trusting(ca_file):  # type: (Optional[str]) -> ssl.SSLContext
    """A context with the authorities of the host and of *ca_file*. Raises OSError (or SSLError) for an invalid file."""
    context = ssl.create_default_context()
    # From Python 3.13 on an authority has to say what its key is for. Many a company's own does not.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


def check(target, way, context, deadline):
    # type: (Target, Way, ssl.SSLContext, Deadline) -> Dict[str, Any]
    """Version of TLS, and the certificate. *way*: the target's addresses, or the proxy. Raises FailedError."""
    try:
        return _handshake(target, way, context, deadline)
    except _UntrustedError as error:
        problem = str(error)
    # Once more without trust: only then is the certificate to be had that was not trusted.
    details = {}  # type: Dict[str, Any]
    anyone = ssl.create_default_context()
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    try:
        details = _handshake(target, way, anyone, deadline)
    except (FailedError, _UntrustedError):
        pass
    raise FailedError(
        CERTIFICATE_INVALID, "its certificate is not trusted: %s" % problem, dict(details, verify_error=problem)
    )


def _handshake(target, way, context, deadline):
    # type: (Target, Way, ssl.SSLContext, Deadline) -> Dict[str, Any]
    if isinstance(way, Proxy):
        stream = connect_through(way, target, deadline)
    else:
        stream = connect(way, target.port, deadline)
    try:
        return _shake(stream, target.name or target.host, context, deadline)
    finally:
        stream.sock.close()


def _shake(stream, name, context, deadline):  # type: (Stream, str, ssl.SSLContext, Deadline) -> Dict[str, Any]
    stream.sock.settimeout(max(deadline.left(), 0.1))
    try:
        with context.wrap_socket(stream.sock, server_hostname=name) as sock:
            details = {"tls": sock.version()}  # type: Dict[str, Any]
            der = sock.getpeercert(True)
    except ssl.CertificateError as error:
        # From Python 3.7 on an SSLError, before it only for a name that does not match.
        raise _UntrustedError(getattr(error, "verify_message", None) or str(error))
    except socket.timeout:
        raise FailedError(NO_ANSWER, "it accepted the connection and does not answer the TLS handshake")
    except ssl.SSLError as error:
        if error.reason == _VERIFY_FAILED or _VERIFY_FAILED in str(error):
            raise _UntrustedError(getattr(error, "verify_message", None) or _plain(error))
        raise FailedError(TLS_FAILED, "the TLS handshake failed: %s" % _plain(error))
    except OSError as error:
        if error.errno in (errno.ECONNRESET, errno.EPIPE):
            raise FailedError(client.RESET, "the TLS handshake was ended by a TCP reset")
        raise FailedError(TLS_FAILED, "the TLS handshake failed: %s" % (error.strerror or error))
    try:
        details.update(certificate.describe(der or b""))
    except certificate.CertificateError as error:
        details["remark"] = str(error)
    return details


def _plain(error):  # type: (ssl.SSLError) -> str
    if isinstance(error, ssl.SSLEOFError):
        return "the connection was closed during the handshake"
    return (error.reason or error.strerror or str(error)).replace("_", " ").lower()
