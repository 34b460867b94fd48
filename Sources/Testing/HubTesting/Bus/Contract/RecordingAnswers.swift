// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus

/// Writes down what publications were answered, and when.
package final class RecordingAnswers {
    /// One answer.
    package struct Answer: Sendable {
        /// Why it failed; nil for success.
        package let code: BusError.Code?
        /// How long it took, by the clock of the loop.
        package let elapsed: UInt64
    }

    private final class Observer: PublishObserver {
        let index: Int
        let sent: UInt64
        let answers: RecordingAnswers

        init(_ index: Int, _ sent: UInt64, _ answers: RecordingAnswers) {
            self.index = index
            self.sent = sent
            self.answers = answers
        }

        func published(_ error: BusError?) {
            let elapsed = answers.clock() &- sent
            answers.all[index].append(Answer(code: error?.code, elapsed: elapsed))
            answers.count += 1
        }
    }

    /// What each publication was answered, in the order of publishing; one answer each is right.
    package private(set) var all: [[Answer]] = []
    /// How many answers came.
    package private(set) var count = 0
    private let clock: () -> UInt64

    /// Measures by a clock, in nanoseconds.
    package init(clock: @escaping () -> UInt64) { self.clock = clock }

    /// What is told the answer to the next publication.
    package func next() -> any PublishObserver {
        all.append([])
        return Observer(all.count - 1, clock(), self)
    }

    /// Whether each has its answer.
    package var isComplete: Bool { count >= all.count }
    /// What was answered last.
    package var last: [Answer] { all.last ?? [] }
}
