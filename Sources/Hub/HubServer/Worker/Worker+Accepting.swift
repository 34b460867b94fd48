// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubLoop
import HubMetrics
import HubWire

extension Worker {
    /// Begins to accept from a listening socket.
    ///
    /// Operators are accepted first in every tick in which clients are.
    func listen(_ descriptor: Int32, router: Router, isAdmin: Bool) throws(LoopError) {
        let listener = try ListenSocket(
            loop: loop,
            descriptor: descriptor,
            onAccept: { [unowned self] descriptor, peer in
                counts.pointee.accepted += 1
                if isAdmin {
                    acceptOperator(descriptor, from: peer, router: router)
                } else {
                    acceptClient(descriptor, from: peer, router: router)
                }
            }
        )
        listener.onTrouble = { [unowned self] error in
            counts.pointee.acceptPauses += 1
            common.connectionLog.acceptingPauses(error)
        }
        if isAdmin {
            adminListeners.append(listener)
        } else {
            listener.onReady = { [unowned self] in for listener in adminListeners { listener.acceptWaiting() } }
            listeners.append(listener)
        }
    }

    private func acceptClient(_ descriptor: Int32, from peer: SocketAddress, router: Router) {
        // The system gives the lowest number that is free: one as high as this leaves too few for operators.
        guard descriptor < common.settings.clientDescriptors else { return turnAway(descriptor, peer, .nodeLimit) }
        switch common.limiter.admit(peer.limitKey) {
        case .admitted(let place): open(descriptor, peer: peer, router: router, place: place, refusal: nil)
        case .refused(let place, let reason):
            open(descriptor, peer: peer, router: router, place: place, refusal: reason)
        case .turnedAway(let reason): turnAway(descriptor, peer, reason)
        }
    }

    private func acceptOperator(_ descriptor: Int32, from peer: SocketAddress, router: Router) {
        guard operatorCount < common.settings.maxOperatorConnections else {
            return turnAway(descriptor, peer, .nodeLimit)
        }
        open(descriptor, peer: peer, router: router, place: nil, refusal: nil)
    }

    private func open(
        _ descriptor: Int32,
        peer: SocketAddress,
        router: Router,
        place: ConnectionPlace?,
        refusal: RejectionReason?
    ) {
        do throws(LoopError) {
            let connection = try HTTPConnection(
                descriptor,
                peer: peer,
                router: router,
                worker: self,
                place: place,
                refusal: refusal
            )
            remember(connection)
        } catch {
            if let place { common.limiter.release(place) }
            turnAway(descriptor, peer, .nodeLimit)
            common.connectionLog.notWatched(peer, error)
        }
    }

    /// Counts that a connection was turned away, and says so in the log.
    func reject(_ peer: SocketAddress, _ reason: RejectionReason) {
        counts.pointee.rejected.count(reason)
        common.connectionLog.refused(reason, peer)
    }

    /// Tells a connection at once that there are too many, and ends it.
    ///
    /// What it has sent by now is read first, as a socket that is closed over unread bytes takes the answer back.
    private func turnAway(_ descriptor: Int32, _ peer: SocketAddress, _ reason: RejectionReason) {
        reject(peer, reason)
        if case .bytes(let count) = Socket.read(descriptor, into: readBuffer) {
            counts.pointee.bytesRead += UInt64(count)
        }
        var output = HTTPOutput()
        output.append(.tooManyConnections, keepAlive: false, isHead: false)
        counts.pointee.httpBytesWritten += UInt64(output.write(to: descriptor).count)
        Socket.shutdownWrite(descriptor)
        Socket.close(descriptor)
    }

    /// Stops accepting clients; connections stay, and operators are still served.
    ///
    /// Those that wait in the listeners' queues are accepted first, and answered: the system would break them.
    func stopListening() {
        for listener in listeners {
            listener.acceptAll()
            listener.close()
        }
        listeners = []
    }
}
