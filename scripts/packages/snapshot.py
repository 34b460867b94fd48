# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""What is in a system, to compare before and after."""

import hashlib
import os
import re

# What dpkg, apt and systemd note of themselves, caches, and the last state of each table of users.
OWN_NOTES = re.compile(
    r"/(var/lib/(dpkg|apt)|var/cache|var/log|tmp|var/tmp|run|proc|sys|dev)(/|$)"
    r"|/var/lib/systemd/(timers|random-seed|catalog)|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$"
    r"|/etc/ld\.so\.cache$"
)


def take(root):
    """Path by path what stands there: kind, mode and owner, and of files below /etc and /var/lib also the content."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            shown = path[len(str(root)):]
            if OWN_NOTES.match(shown):
                continue
            state = os.lstat(path)
            found[shown] = (state.st_mode, state.st_uid, state.st_gid, content(path, shown))
        folders[:] = [name for name in folders if not OWN_NOTES.match(os.path.join(folder, name)[len(str(root)):])]
    return found


def content(path, shown):
    if os.path.islink(path):
        return os.readlink(path)
    if os.path.isfile(path) and shown.startswith(("/etc/", "/var/lib/")):
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    return ""


def differences(before, after):
    """One line for each path that came, went or changed."""
    lines = [f"new {path}" for path in sorted(after.keys() - before.keys())]
    lines += [f"gone {path}" for path in sorted(before.keys() - after.keys())]
    return lines + [f"changed {path}" for path in sorted(before.keys() & after.keys()) if before[path] != after[path]]
