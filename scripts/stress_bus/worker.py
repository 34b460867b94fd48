# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Work in a process of its own, so that what it times is not held up by the rest of the program."""

import asyncio
import contextlib
import multiprocessing
import signal
import traceback

from process import die_with_parent

WITHIN = 60.0


class Worker:
    """An object in another process; `ask` calls one of its coroutines."""

    def __init__(self, make, *arguments):
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, make, arguments), daemon=True)
        self._process.start()
        other.close()

    def ask(self, name, *arguments, within=WITHIN):
        self._pipe.send((name, arguments))
        assert self._pipe.poll(within), f"{name} took more than {within} s"
        try:
            failure, answer = self._pipe.recv()
        except EOFError:
            raise AssertionError(f"the process ended during {name}") from None
        assert not failure, f"{name}: {failure}"
        return answer

    def close(self):
        self._pipe.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def serve(pipe, make, arguments):
    """The other process: does what it is asked, one after the other, until the pipe is closed."""
    die_with_parent()
    # The first process ends this one, also on Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, OSError):
        asyncio.run(answer(pipe, make(*arguments)))


async def answer(pipe, worker):
    asked = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), asked.set)
    while True:
        await asked.wait()
        asked.clear()
        while pipe.poll():
            name, arguments = pipe.recv()
            try:
                pipe.send((None, await getattr(worker, name)(*arguments)))
            except Exception:
                pipe.send((traceback.format_exc(), None))
