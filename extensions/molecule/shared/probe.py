# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``probe.py ANSWER:ADDRESS:PORT...``: fails unless each TCP probe is open, refused, prohibited or silent as it says.

No code of the collection's, so that the collection does not vouch for itself. Runs on a host, Python 3.6 and later.
"""

import errno
import socket
import sys

ANSWERS = {errno.ECONNREFUSED: "refused", errno.EHOSTUNREACH: "prohibited", errno.EACCES: "prohibited"}


def probe(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(5)
        try:
            attempt.connect((address, port))
        except TimeoutError:
            return "silent"
        except OSError as error:
            return ANSWERS.get(error.errno, str(error))
    return "open"


def main():
    wrong = []
    for wanted in sys.argv[1:]:
        answer, address, port = wanted.split(":")
        found = probe(address, int(port))
        print("%s %s: %s" % (address, port, found))
        if found != answer:
            wrong.append("%s %s: %s instead of %s" % (address, port, found, answer))
    sys.exit("\n".join(wrong) or 0)


main()
