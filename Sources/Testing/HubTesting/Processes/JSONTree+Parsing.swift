// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

extension JSONTree {
    /// Reads what a server that the test started has answered.
    ///
    /// - Throws: ``ProcessFault`` `.badReply` for what is no JSON.
    package init(parsing bytes: [UInt8]) throws(ProcessFault) {
        let tree = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try JSONTree(bytes) }
        }
        switch tree {
        case .success(let tree): self = tree
        case .failure(let error):
            let near = String(decoding: bytes.prefix(60), as: UTF8.self)
            throw ProcessFault(.badReply, "\(error) in \(near)")
        }
    }
}
