# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Which port a server of the demo gets."""

import socket

from stack.ports import HOST, choose_port


def test_a_preferred_port_is_taken_only_where_nobody_has_it():
    preferred = choose_port()
    assert choose_port(preferred) == preferred
    with socket.create_server((HOST, preferred)):
        assert choose_port(preferred) not in (preferred, 0)
