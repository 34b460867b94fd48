# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Stops one thread of a process of ours while the others run on, as a fault in a loop would."""

import ctypes
import os
import pathlib

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WAIT_FOR_ANY_THREAD = 0x40000000  # __WALL

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if libc.ptrace(request, thread, None, None) == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace of thread {thread}: {os.strerror(error)}")


class Thread:
    """The thread with a name, for `with` one that stands still; all calls have to come from one thread here."""

    def __init__(self, process, name):
        tasks = pathlib.Path(f"/proc/{process}/task")
        (self._number,) = [
            int(task.name) for task in tasks.iterdir() if (task / "comm").read_text(encoding="ascii").strip() == name
        ]
        self.is_stopped = False

    def __enter__(self):
        self.stop()
        return self

    def __exit__(self, *_):
        self.resume()

    def stop(self):
        ptrace(SEIZE, self._number)
        ptrace(INTERRUPT, self._number)
        os.waitpid(self._number, WAIT_FOR_ANY_THREAD)
        self.is_stopped = True

    def resume(self):
        if self.is_stopped:
            self.is_stopped = False
            ptrace(DETACH, self._number)
