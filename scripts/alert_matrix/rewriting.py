# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Stands between Prometheus and a node, and changes what the node says of itself: for faults that the program has not."""

import http.server
import re
import threading
import urllib.error

from stack.api import OPENER
from stack.ports import HOST

WITHIN = 10.0


def replace_value(page, series, value):
    """The page with another value of a series, which has to be there; `series` is a pattern of its name and labels."""
    text, count = re.subn(rf"^({series}) \S+$", rf"\g<1> {value}", page, flags=re.MULTILINE)
    assert count, f"the page has no series {series}"
    return text


class Rewriter:
    """A server for operators that passes everything on and gives /metrics to `change`, once there is one."""

    def __init__(self, address):
        self.change = None
        rewriter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                try:
                    with OPENER.open(f"http://{address}{self.path}", timeout=WITHIN) as answer:
                        status, body = answer.status, answer.read()
                except urllib.error.HTTPError as error:
                    status, body = error.code, error.read()
                except OSError as error:
                    status, body = 502, str(error).encode()
                if self.path == "/metrics" and status == 200 and rewriter.change:
                    body = rewriter.change(body.decode()).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """The requests are of no interest."""

        self._server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self.address = f"{HOST}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
