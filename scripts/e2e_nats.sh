#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
#
# Two hubs on one NATS, end to end, as scripts/e2e_redis.sh does it: the same checks, with nats-py as the outside program. As
# processes of this machine: nats-server, and the hub of .build/release, or the one that GOHUB_BINARY names.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[[ -x .venv/bin/python ]] || { echo "no .venv: run scripts/bootstrap --test first" >&2; exit 1; }
PYTHONPATH=Tests/BlackBox PYTHONDONTWRITEBYTECODE=1 exec .venv/bin/python scripts/e2e/on_nats.py "$@"
