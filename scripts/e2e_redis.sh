#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
#
# Two hubs on one Redis, end to end: broadcasts, topics and messages to one client from node to node, a client that answers no
# ping and one that does not read, payloads by redis-cli, and a Redis that goes away and comes back. Prints each check; the last
# line is "N passed, N failed"; exit code 0 when none failed. Ends all that it started, also on Ctrl-C.
#
#   scripts/e2e_redis.sh             by docker-compose.yaml where a Docker engine runs, otherwise as processes of this machine
#   scripts/e2e_redis.sh --local     as processes: redis-server, and the hub of .build/release, or the one that GOHUB_BINARY names
#   scripts/e2e_redis.sh --compose   in containers
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[[ -x .venv/bin/python ]] || { echo "no .venv: run scripts/bootstrap --test first" >&2; exit 1; }
PYTHONPATH=Tests/BlackBox PYTHONDONTWRITEBYTECODE=1 exec .venv/bin/python scripts/e2e/redis.py "$@"
