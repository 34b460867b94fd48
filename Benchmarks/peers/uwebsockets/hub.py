# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""uWebSockets as the socketify wheel ships it: every binary message is published natively to every client.

usage: hub.py PORT    (listens on 127.0.0.1)
"""

import sys

from socketify import App, AppListenOptions, CompressOptions, OpCode


def opened(socket):
    socket.subscribe("all")


def received(socket, message, opcode):
    app.publish("all", message, opcode)


app = App()
app.ws(
    "/*",
    {
        "compression": CompressOptions.DISABLED,
        "max_payload_length": 16 * 1024 * 1024,
        "max_backpressure": 64 * 1024 * 1024,
        "idle_timeout": 120,
        "open": opened,
        "message": received,
    },
)
port = int(sys.argv[1]) if len(sys.argv) > 1 else 9004
app.listen(AppListenOptions(port=port, host="127.0.0.1"), lambda config: print("listening", config.port, flush=True))
app.run()
