#!/bin/sh
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The last step of the containers' image: image.sh ROOT. Keys, names and addresses come with each host, in /run/jsa-lab.
set -eu
cd "$1"

rm -f etc/ssh/ssh_host_*
ln -sf /run/jsa-lab/hosts etc/hosts
echo '# no name server: the lab has no way out' >etc/resolv.conf
# A locked account lets nobody in, not even with a key; one without a password does.
sed -i 's/^root:[^:]*:/root:*:/' etc/shadow

mkdir -p etc/systemd/system/ssh.service.d etc/systemd/logind.conf.d
cat >etc/systemd/system/ssh.service.d/lab.conf <<'UNIT'
[Service]
ExecStartPre=
ExecStart=
ExecStart=/usr/sbin/sshd -D -o UsePAM=yes -f /run/jsa-lab/sshd_config
UNIT
# As hardened machines have it: what a session has started ends with it.
cat >etc/systemd/logind.conf.d/lab.conf <<'CONF'
[Login]
KillUserProcesses=yes
KillExcludeUsers=
CONF
cat >etc/systemd/system/jsa-standin.service <<'UNIT'
[Unit]
Description=Stand-in for JSA
ConditionPathExists=/run/jsa-lab/listeners.json
[Service]
ExecStart=/usr/bin/python3 -I -S /run/jsa-lab/standin.py
StandardError=append:/run/jsa-lab/log/standin.log
[Install]
WantedBy=multi-user.target
UNIT
systemctl --root=. --quiet enable jsa-standin.service
systemctl --root=. --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer
