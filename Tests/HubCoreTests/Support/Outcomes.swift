// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import Synchronization

/// What the completions of pushes were called with, each as often as it was called.
final class Outcomes: Sendable {
    private let seen = Mutex<[Int: [HubError?]]>([:])

    var all: [Int: [HubError?]] { seen.withLock { $0 } }

    func record(_ push: Int, _ error: HubError?) {
        seen.withLock { $0[push, default: []].append(error) }
    }

    func recorder(_ push: Int) -> @Sendable (HubError?) -> Void {
        { [self] in record(push, $0) }
    }
}
