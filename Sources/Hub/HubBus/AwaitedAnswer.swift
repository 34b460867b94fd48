// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// Lets a task wait for the answer to one publication; the first answer counts, be it the bus's or the cancellation's.
final class AwaitedAnswer: PublishObserver {
    private enum State {
        case new
        case waiting(CheckedContinuation<BusError?, Never>)
        case answered(BusError?)
        case done
    }

    private let state = Mutex(State.new)

    /// Resumes the continuation with the answer, now if there is one already.
    func wait(_ continuation: CheckedContinuation<BusError?, Never>) {
        let answer: BusError?? = state.withLock { state in
            guard case .answered(let error) = state else {
                state = .waiting(continuation)
                return nil
            }
            state = .done
            return .some(error)
        }
        if let answer { continuation.resume(returning: answer) }
    }

    func published(_ token: UInt64, _ error: BusError?) {
        let waiting: CheckedContinuation<BusError?, Never>? = state.withLock { state in
            switch state {
            case .new:
                state = .answered(error)
                return nil
            case .waiting(let continuation):
                state = .done
                return continuation
            case .answered, .done:
                return nil
            }
        }
        waiting?.resume(returning: error)
    }
}
