// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
package import HubMetrics

/// What one loop's connections count; plain values that only the loop touches.
struct WorkerCounts {
    var accepted: UInt64 = 0
    var acceptPauses: UInt64 = 0
    var opened: UInt64 = 0
    var closed = Tally<CloseReason>()
    var rejected = Tally<RejectionReason>()
    var bytesRead: UInt64 = 0
    /// Bytes of HTTP answers that sockets took; a shard counts those of WebSockets.
    var httpBytesWritten: UInt64 = 0
    var connectionDuration = LocalHistogram(WorkerCounts.connectionDurations)
    var handshakeAccepted = LocalHistogram(.milliseconds)
    var handshakeRejected = LocalHistogram(.milliseconds)
    var pingRoundTrip = LocalHistogram(.milliseconds)
    /// By route, method and status; see ``index(_:_:_:)``.
    var requests: [UInt64]
    /// By route.
    var requestDuration: [LocalHistogram]
    /// Request bodies that were refused though they broke no rule of the protocol.
    var bodiesRefused = Tally<BodyRefusal>()
    var requestsInFlight = 0
    /// Readers of /metrics that were ended because they took no page while others wanted one.
    var endedReaders: UInt64 = 0

    static let connectionDurations = Buckets.custom(seconds: [1, 10, 60, 300, 1800, 3600, 14400, 86400])

    /// - Parameter routes: How many labels the routes have.
    init(routes: Int = RouteLabels.own.count) {
        requests = Array(repeating: 0, count: WorkerCounts.index(routes, .get, .switching))
        requestDuration = (0..<routes).map { _ in LocalHistogram(.milliseconds) }
    }

    /// Where requests to the route with a number are counted.
    static func index(_ route: Int, _ method: MethodLabel, _ status: StatusClass) -> Int {
        (route * MethodLabel.allCases.count + Int(method.rawValue)) * StatusClass.allCases.count
            + Int(status.rawValue)
    }

    mutating func countRequest(_ route: Int, _ method: MethodLabel, _ status: Int, nanoseconds: UInt64) {
        requests[WorkerCounts.index(route, method, StatusClass(status))] += 1
        requestDuration[route].observe(nanoseconds)
    }
}

/// A count for each case of a label.
package struct Tally<Label: MetricLabel & RawRepresentable>: Sendable where Label.RawValue == UInt8 {
    private var counts = [UInt64](repeating: 0, count: Label.allCases.count)

    package init() {}

    /// The count of a case.
    package subscript(_ label: Label) -> UInt64 { counts[Int(label.rawValue)] }

    mutating func count(_ label: Label) { counts[Int(label.rawValue)] += 1 }

    mutating func add(_ other: Tally) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }
}
