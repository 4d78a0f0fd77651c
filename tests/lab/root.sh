#!/bin/sh
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs as the first process of a host's namespaces: root.sh STATE_OF_THE_HOST FILES_TO_STAND_ON [CHECKOUT]
# Builds a root in which every write goes to the host's own folder, moves there, and becomes the host's init.
set -eu
state=$1
lower=$2
checkout=${3:-}

# The old /proc still counts in the machine's pids, so this line says who we are there.
read -r line </proc/self/stat
echo "$line" >"$state/init.process.new"
mv "$state/init.process.new" "$state/init.process"

# The cable comes from outside. Whoever builds us and dies before that takes us along.
read -r go || exit 1
[ "$go" = go ] || exit 1
exec </dev/null

new=$state/root
mkdir -p "$new" "$state/upper" "$state/work"

overlay() {
    mkdir -p "$state/upper/$2" "$state/work/$2" "$new/$2"
    chmod --reference="$1" "$state/upper/$2"
    chown --reference="$1" "$state/upper/$2"
    mount -t overlay -o "lowerdir=$1,upperdir=$state/upper/$2,workdir=$state/work/$2" overlay "$new/$2"
}

if [ "$lower" = / ]; then
    # An overlay cannot have its own upper folder below it, hence one per folder of the root instead of one for all.
    mount -t tmpfs -o mode=755,size=16m tmpfs "$new"
    for entry in /*; do
        name=${entry#/}
        case $name in
            proc | sys | dev | run | tmp | lost+found) continue ;;
        esac
        case $state/ in
            "$entry"/*) mkdir "$new/$name"; continue ;;
        esac
        if [ -L "$entry" ]; then
            cp -P "$entry" "$new/$name"
        elif [ -d "$entry" ]; then
            overlay "$entry" "$name"
        fi
    done
else
    overlay "$lower" .
fi

cd "$new"
mkdir -p proc sys dev run tmp .old
mount -t proc proc proc
# Only net is the host's own; the rest of these would change the machine.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t proc proc .old
mount --bind .old/sys/net proc/sys/net
umount .old
mount -t sysfs sysfs sys
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
if [ -n "$checkout" ] && [ ! -e ".$checkout/galaxy.yml" ]; then
    # A test that runs a module on the host finds it where the checkout is, be that in a folder the host has for itself.
    mkdir -p ".$checkout"
    mount --bind "$checkout" ".$checkout"
    mount -o remount,bind,ro ".$checkout"
fi
mkdir -p run/jsa-lab run/lock run/sshd run/dbus run/user
mount --bind "$state/shared" run/jsa-lab
pivot_root . .old
umount -l .old
rmdir .old
exec /usr/bin/python3 -I -S /run/jsa-lab/init.py
