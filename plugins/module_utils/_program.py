# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packs modules of this collection into one file that a host's Python runs by itself. Runs on Python 3.6.

Ansible's copy of a module is gone when the module ends. What has to stay longer takes with it what it needs.
"""

import importlib
import io
import zipfile

from typing import Iterable

_PACKAGE = "ansible_collections.jsa.ports.plugins.module_utils"


def pack(main, names):  # type: (str, Iterable[str]) -> bytes
    """A program that calls ``main()`` of module *main*, with the modules *names*. The same bytes for the same ones."""
    sources = {"__main__.py": "from %s.%s import main\nmain()\n" % (_PACKAGE, main)}
    for name in sorted(set(names) | {main}):
        full = "%s.%s" % (_PACKAGE, name)
        parts = full.split(".")
        for depth in range(1, len(parts)):
            sources.setdefault("/".join(parts[:depth]) + "/__init__.py", "")
        source = importlib.import_module(full).__loader__.get_source(full) or ""
        # Ansible's own loader of collections gives bytes.
        sources["/".join(parts) + ".py"] = source.decode("utf-8") if isinstance(source, bytes) else source
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(sources):
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), sources[path].encode("utf-8"))
    return content.getvalue()
