# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a host trusts does not depend on its Python. The server is real, on the loopback."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._observe.client import Deadline
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward import tls
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import (
    CERTIFICATE_INVALID,
    FailedError,
    Target,
)

#: An authority as companies made them for years: it does not say what its key is for.
OPENSSL = """
set -e
cat >config <<END
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = CA:true
END
req="openssl req -config config -newkey rsa:2048 -nodes"
$req -x509 -extensions authority -keyout ca.key -out ca.pem -days 30 -subj "/CN=Test authority"
$req -keyout server.key -out server.csr -subj /CN=localhost
echo 'subjectAltName=DNS:localhost' >names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -out server.pem -days 30
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    subprocess.run(["sh", "-c", OPENSSL], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def target(folder: Path) -> Iterator[Target]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                accepted = listening.accept()[0]
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(accepted, server_side=True) as shaken:
                shaken.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    yield Target("tls", "localhost", listening.getsockname()[1], None, {})
    # Whoever waits in accept() is not woken by close().
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(10)


def test_an_authority_that_does_not_say_what_its_key_is_for(folder: Path, target: Target) -> None:
    told = tls.check(target, ["127.0.0.1"], tls.trusting(str(folder / "ca.pem")), Deadline(10))
    assert told["subject"] == "CN=localhost"


def test_one_that_is_not_trusted(target: Target) -> None:
    with pytest.raises(FailedError) as caught:
        tls.check(target, ["127.0.0.1"], tls.trusting(None), Deadline(10))
    assert caught.value.result == CERTIFICATE_INVALID
