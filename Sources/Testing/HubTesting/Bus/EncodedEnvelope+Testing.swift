// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus

extension EncodedEnvelope {
    /// Any bytes, as if they were an envelope.
    package init(_ bytes: [UInt8]) {
        self.init(head: [], payload: bytes)
    }
}
