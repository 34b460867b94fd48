// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import HubCore
import HubWire

/// What the hub's clients want, as the bus is told it.
extension Bridge {
    /// A topic has its first subscriber, or none any more; what holds now counts, whatever the order of the messages.
    func interestChanged(_ name: TopicName, _ now: UInt64) {
        let topic = BusTopic(name)
        guard hub.wants(name) else { return interest.leave(name, at: now &+ settings.unsubscribeAfter) }
        interest.stay(name)
        if link.interest.want(topic) {
            let generation = link.interest.generation
            guard !link.takesPublications else {
                return interest.await(name, generation, until: now &+ settings.confirmTimeout)
            }
            interest.noteLate(name, generation)
            hub.settle(name, isConfirmed: false)
        } else if interest.isLate(name) {
            hub.settle(name, isConfirmed: false)
        } else if !interest.isAwaited(name) {
            // Also while the bus is down: it is not taken for available again before all that was confirmed is so again.
            hub.settle(name, isConfirmed: true)
        }
    }

    /// Answers those who have waited long enough, or wait for a bus that is down, and gives up what nobody has wanted for a
    /// while.
    func settleInterest(_ now: UInt64) {
        for name in interest.takeLate(at: link.takesPublications ? now : .max) { hub.settle(name, isConfirmed: false) }
        for name in interest.takeLeft(now, atMost: Self.interestsAtOnce) where !hub.wants(name) {
            let topic = BusTopic(name)
            interest.forget(name)
            link.interest.drop(topic)
            gaps.forget(topic)
        }
    }

    package func asksForAll() { interest.forgetRefusals(link.interest.generation) }

    package func refused(_ topic: BusTopic) {
        // Nobody may want it any more: then there is nobody to tell, and nothing that would be confirmed later.
        guard let name = topic.topicName, link.interest.contains(topic) else { return }
        interest.refuse(name, link.interest.generation)
        hub.settle(name, isConfirmed: false)
    }

    package func confirmed(_ generation: UInt64) {
        for name in interest.confirm(generation) { hub.settle(name, isConfirmed: true) }
    }
}
