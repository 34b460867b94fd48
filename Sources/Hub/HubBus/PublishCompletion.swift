// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What an adapter calls, exactly once, when it knows what became of a publication.
///
/// A plain value, so that a publication costs no allocation: the observer is an object that lives longer than its
/// publications and tells them apart by their tokens. The stopwatch of the ``InstrumentedBus`` travels in it; an adapter only
/// keeps it and calls it.
package struct PublishCompletion: Sendable {
    private let observer: (any PublishObserver)?
    private let token: UInt64
    private var meter: PublishMeter?
    private var start: UInt64 = 0

    /// Tells an observer.
    ///
    /// - Parameter token: Which publication it is; only the observer gives it a meaning.
    package init(_ observer: any PublishObserver, token: UInt64 = 0) {
        self.observer = observer
        self.token = token
    }

    private init() {
        observer = nil
        token = 0
    }

    /// Tells nobody: for publications whose failures the metrics and the log show well enough.
    package static let ignored = PublishCompletion()

    /// Answers the publication.
    ///
    /// - Parameter error: Why it failed; nil when it was published.
    package func callAsFunction(_ error: BusError?) {
        meter?.answered(error, since: start)
        observer?.published(token, error)
    }

    /// The same completion, measured from a moment on.
    func measured(by meter: PublishMeter, since start: UInt64) -> PublishCompletion {
        var completion = self
        completion.meter = meter
        completion.start = start
        return completion
    }
}
