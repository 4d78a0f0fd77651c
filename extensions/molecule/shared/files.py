# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is below /etc/firewalld: ``remember`` it, or ``compare`` with what was remembered.

Each remembered file has to be there, the same to the byte; ``compare ours`` expects files of the collection's beside
them, ``compare`` none. Runs on a host, Python 3.6 and later.
"""

import hashlib
import json
import os
import re
import sys

KEPT = "/root/molecule-files.json"
OURS = re.compile(r"^/etc/firewalld/(policies|ipsets)/jsa-[^/]+\.xml$")


def now():
    found = {}
    for folder, _folders, names in os.walk("/etc/firewalld"):
        for name in names:
            path = os.path.join(folder, name)
            # firewall-cmd --permanent keeps copies of its own.
            if not name.endswith(".old"):
                with open(path, "rb") as stream:
                    found[path] = hashlib.sha256(stream.read()).hexdigest()
    return found


def main():
    if sys.argv[1] == "remember":
        with open(KEPT, "w") as stream:
            json.dump(now(), stream)
        return
    with open(KEPT) as stream:
        kept = json.load(stream)
    found = now()
    wrong = ["%s was changed or is gone" % path for path in sorted(kept) if found.get(path) != kept[path]]
    ours = [path for path in sorted(set(found) - set(kept)) if OURS.match(path)]
    wrong += ["%s is new and not ours" % path for path in sorted(set(found) - set(kept) - set(ours))]
    if sys.argv[2:] == ["ours"]:
        if "/etc/firewalld/policies/jsa-in.xml" not in ours:
            wrong.append("our policy is not there")
    else:
        wrong += ["%s is there" % path for path in ours]
    print("\n".join(sorted(found)))
    sys.exit("\n".join(wrong) or 0)


main()
