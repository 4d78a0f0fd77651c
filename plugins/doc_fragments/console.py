# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - Address of the console, such as V(https://console.example.com). Use the name that the console's certificate is
        for. Other protocols than HTTPS are rejected, and redirects are not followed.
    type: str
    required: true
  validate_certs:
    description: Whether to verify the certificate of the console.
    type: bool
    default: true
  ca_path:
    description: File on the controller with the certificate of the authority that signed the console's certificate.
    type: path
  api_version:
    description:
      - Version of the API, such as V(26.0). A release removes old versions. By default, the newest version that the
        console offers and the collection knows is used.
    type: str
  timeout:
    description: Seconds that the console can take for an answer.
    type: float
    default: 30
  page_size:
    description: Number of items to ask for in one request.
    type: int
    default: 500
"""
