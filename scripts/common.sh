# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
#
# What the scripts share; sourced, never run. Leaves the caller in the top folder of the repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A target may import only what Package.swift gives it.
strict_build=(--explicit-target-dependency-import-check error)

# The one debug build that everything but `make run` uses: tests, gates, documents. Coverage costs little here, and two
# sets of flags in one build folder would mean to build everything twice.
debug_flags=("${strict_build[@]}" --enable-code-coverage)
debug=.build/debug
results=.build/results

# The suites in which threads meet: run under the thread sanitizer, and again and again by scripts/stress.
threaded_suites=(HubLogTests HubMetricsTests HubLoopTests HubCoreTests HubBusTests HubBridgeTests HubServerTests HubTLSTests HubRedisTests HubNATSTests)
# Of the tests with real servers those in which threads of a C library meet ours; the contract has all of them with JetStream too.
for suite in Attempt Contract End Flow Login Permission TLS; do threaded_suites+=("IntegrationTests.NATS${suite}Tests"); done
threaded_filter=$(IFS='|'; echo "^(${threaded_suites[*]})[./]")

# How many Swift tests run at a time. Without a bound all begin at once, and one that waits for a socket has its turn again
# only behind those that compute: on two cores a minute later, when its time-outs have struck.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-4}

# The LLVM tools of the Swift toolchain: another LLVM cannot read its profiles.
llvm_tool() {
    local swift
    swift=$(readlink -f "$(command -v swift)")
    echo "$(dirname "$swift")/$1"
}

# The files of the project that git knows or would add, one a line, filtered by git path patterns.
project_files() { git ls-files --cached --others --exclude-standard -- "$@" | sort -u; }
