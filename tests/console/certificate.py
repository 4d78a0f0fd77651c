# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate authority, and a certificate for localhost and 127.0.0.1 that it has signed."""

from __future__ import annotations

import subprocess

from pathlib import Path

_OPENSSL = """
set -e
cat >config <<END
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
END
req="openssl req -config config -newkey rsa:2048 -nodes"
$req -x509 -extensions authority -keyout ca.key -out ca.pem -days 30 -subj "/CN=Authority of the stand-in"
$req -keyout server.key -out server.csr -subj /CN=localhost
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n' >names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -out server.pem -days 30
"""


def make_certificate(folder: Path) -> Path:
    """Writes ca.pem, server.pem and server.key to *folder*. Returns the path of ca.pem."""
    subprocess.run(["sh", "-c", _OPENSSL], cwd=folder, check=True, capture_output=True)
    return folder / "ca.pem"
