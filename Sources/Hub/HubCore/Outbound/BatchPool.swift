// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Batches to use again, so that a tick allocates nothing.
///
/// Keeps at most 64 batches of at most 256 KiB each, and after a while only as many as were needed.
final class BatchPool {
    private static let keptBatches = 64
    private static let keptBytes = 256 * 1024
    private var spare: [FrameBatch] = []
    /// The fewest that were spare since the last ``trim()``: nobody needed these.
    private var fewestSpare = 0

    /// A batch with one reference, which keeps it alive until the last ``release(_:)``.
    func take() -> FrameBatch {
        let batch = spare.popLast() ?? FrameBatch()
        fewestSpare = min(fewestSpare, spare.count)
        _ = Unmanaged.passRetained(batch)
        return batch
    }

    /// Gives up one reference; the last one returns the batch to the pool.
    @inline(__always)
    func release(_ batch: FrameBatch) {
        batch.references -= 1
        if batch.references == 0 { recycle(batch) }
    }

    private func recycle(_ batch: FrameBatch) {
        if spare.count < BatchPool.keptBatches, batch.footprint <= BatchPool.keptBytes, !batch.isOwn {
            batch.reset()
            spare.append(batch)
        }
        Unmanaged.passUnretained(batch).release()
    }

    /// Gives back the batches that were not needed since this was last called.
    func trim() {
        spare.removeFirst(min(fewestSpare, spare.count))
        fewestSpare = spare.count
    }
}
