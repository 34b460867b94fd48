// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension OutboundQueue {
    /// How much a client's own batch gathers before the next one is begun.
    private static let ownBatchBytes = 64 * 1024

    /// Copies what is new in the queue of a blocked client out of batches of which it needs little.
    ///
    /// A batch lives for as long as a queue needs any of it, so one small message would hold the memory of a whole tick.
    /// The copies stand together in batches of the client's own: a queue holds less than twice the bytes that it counts, and
    /// some 50 bytes a message. A slice that is half of its batch or more goes on sharing it, and so does a frame whose write
    /// somebody awaits.
    ///
    /// - Parameter growing: The batch that this tick still adds to, which nothing may go on sharing.
    /// - Complexity: O(slices that are new), each copied once.
    mutating func keepOwnCopies(in pool: SlicePool, _ batches: BatchPool, growing: FrameBatch?) {
        var previous = lastKept
        var index = previous == SlicePool.none ? head : pool.slices[Int(previous)].next
        while index != SlicePool.none {
            let slice = pool.slices[Int(index)]
            if !slice.isOwn, slice.isWasteful(growing: growing) {
                let own = keep(slice, at: index, behind: previous, in: pool)
                slice.batch._withUnsafeGuaranteedRef { batches.release($0) }
                if own == previous {
                    unlink(behind: previous, in: pool)
                    index = slice.next
                    continue
                }
            }
            previous = index
            index = slice.next
        }
        lastKept = previous
    }

    /// Copies a slice's frames into a batch of the client's own; returns the index of the slice that stands for them now.
    private func keep(_ slice: Slice, at index: UInt32, behind previous: UInt32, in pool: SlicePool) -> UInt32 {
        let size = Int(slice.end - slice.frameStart)
        guard previous != SlicePool.none,
            pool.slices[Int(previous)].canGrow(by: size, upTo: OutboundQueue.ownBatchBytes)
        else {
            let own = FrameBatch(ownBytes: size)
            pool.slices[Int(index)] = slice.moved(to: own)
            // The slice has the one reference.
            _ = Unmanaged.passRetained(own)
            return index
        }
        let last = pool.slices + Int(previous)
        return last.pointee.batch._withUnsafeGuaranteedRef { own in
            let moved = slice.moved(to: own)
            if last.pointee.scope == slice.scope, last.pointee.isControl == slice.isControl {
                last.pointee.end = moved.end
                last.pointee.frames += moved.frames
                return previous
            }
            own.references += 1
            pool.slices[Int(index)] = moved
            return index
        }
    }
}

extension Slice {
    /// Where the frame begins in which `start` lies.
    fileprivate var frameStart: UInt32 { batch._withUnsafeGuaranteedRef { $0.start(ofFrame: first) } }

    /// Whether its batch is much larger than what it needs of it, or still grows.
    fileprivate func isWasteful(growing: FrameBatch?) -> Bool {
        batch._withUnsafeGuaranteedRef { batch in
            // Who waits for a write waits on the batch.
            guard batch.completion == nil else { return false }
            return batch === growing || 2 * Int(end - start) + 512 < batch.footprint
        }
    }

    /// Whether so many bytes may be added to its own batch, right behind its last frame.
    fileprivate func canGrow(by count: Int, upTo limit: Int) -> Bool {
        guard isOwn else { return false }
        return batch._withUnsafeGuaranteedRef { own in
            Int(end) == own.byteCount && Int(first + frames) == own.frameCount && own.byteCount + count <= limit
        }
    }

    /// The same frames at the end of another batch, into which they are copied.
    fileprivate func moved(to own: FrameBatch) -> Slice {
        var moved = self
        batch._withUnsafeGuaranteedRef { batch in
            let began = frameStart
            moved.first = UInt32(truncatingIfNeeded: own.frameCount)
            moved.start = UInt32(truncatingIfNeeded: own.byteCount) + (start - began)
            for frame in first..<first + frames { own.append(frame, of: batch) }
        }
        moved.end = UInt32(truncatingIfNeeded: own.byteCount)
        moved.batch = .passUnretained(own)
        moved.isOwn = true
        return moved
    }
}
