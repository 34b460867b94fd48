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
        let isNew = link.interest.want(topic)
        if !link.takesPublications {
            interest.noteLate(name, link.interest.generation)
            hub.settle(name, isConfirmed: false)
        } else if isNew {
            interest.await(name, link.interest.generation, until: now &+ settings.confirmTimeout)
        } else if interest.late[name] != nil {
            hub.settle(name, isConfirmed: false)
        } else if !interest.isAwaited(name) {
            hub.settle(name, isConfirmed: true)
        }
    }

    /// Answers those who have waited long enough, and gives up what nobody has wanted for a while.
    func settleInterest(_ now: UInt64) {
        for name in interest.takeLate(at: now) { hub.settle(name, isConfirmed: false) }
        for name in interest.takeLeft(now) where !hub.wants(name) {
            let topic = BusTopic(name)
            link.interest.drop(topic)
            gaps.forget(topic)
        }
    }

    package func refused(_ topic: BusTopic) {
        guard let name = topic.topicName else { return }
        interest.refuse(name)
        hub.settle(name, isConfirmed: false)
    }

    package func confirmed(_ generation: UInt64) {
        for name in interest.confirm(generation) { hub.settle(name, isConfirmed: true) }
    }
}
