#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
#
# Two hubs on one NATS with JetStream, end to end: the checks of scripts/e2e_nats.sh, with publications kept in a stream.
exec "$(dirname "${BASH_SOURCE[0]}")/e2e_nats.sh" --jetstream "$@"
