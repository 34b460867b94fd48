// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubLoop
import Synchronization

/// A clock that a test moves itself, so that an hour passes in no time and nothing depends on the machine's speed.
///
/// Any thread may read and move it. A loop that runs on its own thread notices a move only at its next tick;
/// ``wakes(_:)`` lets every move cause one.
package final class VirtualClock: MonotonicClock {
    /// Not kept alive: the loop keeps its clock.
    private struct Follower {
        weak let loop: EventLoop?
    }

    private struct State {
        var time: MonotonicTime
        var loops: [Follower] = []
    }

    private let state: Mutex<State>

    /// Makes a clock that stands still at a point in time.
    package init(at start: MonotonicTime = MonotonicTime(nanoseconds: 1_000_000_000)) {
        state = Mutex(State(time: start))
    }

    /// The time to which the test has moved the clock.
    package func now() -> MonotonicTime {
        state.withLock { $0.time }
    }

    /// Moves the clock on and wakes the loops that follow it; a negative duration moves nothing.
    package func advance(by duration: Duration) {
        let loops = state.withLock { state in
            state.time = max(state.time, state.time + duration)
            return state.loops
        }
        for follower in loops { follower.loop?.wake() }
    }

    /// Lets every move of the clock wake the loop, for as long as that lives.
    package func wakes(_ loop: EventLoop) {
        state.withLock { $0.loops.append(Follower(loop: loop)) }
    }
}
