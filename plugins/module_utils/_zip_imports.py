# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compiles each module_utils file of a module's zip once instead of twice. Runs on Python 3.6.

Ansible sends a module as a zip of sources. Python's import of a file from a zip asks the zip importer for the file's
name, for which the importer compiles the file, and then for its code, for which the importer compiles it again. Both
results are thrown away with the process. The finder below gives Python the name itself, so that only the code is
compiled. For anything that it does not know, Python goes on as without it.

The packages ``_backends`` and ``_observe``, of which each large module imports something, install it.
"""

import sys
import zipimport

from importlib.machinery import ModuleSpec
from typing import Any, Optional, Sequence

_PARENT = __name__.rpartition(".")[0] + "."


class ZipFinder(object):
    """A finder for ``sys.meta_path``: the files of this folder that lie in a zip."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        # type: (str, Optional[Sequence[str]], Any) -> Optional[ModuleSpec]
        if not name.startswith(_PARENT):
            return None
        for entry in path or ():
            importer = sys.path_importer_cache.get(entry)
            if not isinstance(importer, zipimport.zipimporter):
                # Also the first file of a folder: nobody has opened the folder yet.
                return None
            try:
                package = importer.is_package(name)
            except zipimport.ZipImportError:
                continue
            return _spec(name, importer, entry, package)
        return None


def _spec(name, importer, folder, package):  # type: (str, Any, str, bool) -> ModuleSpec
    stem = "%s/%s" % (folder, name.rpartition(".")[2])
    spec = ModuleSpec(name, importer, origin=stem + ("/__init__.py" if package else ".py"), is_package=package)
    spec.has_location = True
    if package:
        spec.submodule_search_locations = [stem]
    return spec


def install():  # type: () -> None
    """Puts the finder first, once, where this file itself comes from a zip."""
    if isinstance(globals().get("__loader__"), zipimport.zipimporter) and ZipFinder not in sys.meta_path:
        sys.meta_path.insert(0, ZipFinder)
