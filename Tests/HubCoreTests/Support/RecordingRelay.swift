// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import Synchronization

/// A bus that only remembers what it was given.
final class RecordingRelay: PublicationRelay {
    private let publications = Mutex<[String]>([])

    var seen: [String] { publications.withLock { $0 } }

    func relay(_ publication: Publication) {
        let text = "\(publication.topic) \(String(decoding: publication.payload, as: UTF8.self))"
        publications.withLock { $0.append(text) }
    }
}
