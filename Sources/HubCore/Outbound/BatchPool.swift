// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Batches to use again, so that a tick allocates nothing.
///
/// Keeps at most 64 batches of at most 256 KiB each.
final class BatchPool {
    private static let keptBatches = 64
    private static let keptBytes = 256 * 1024
    private var spare: [FrameBatch] = []

    /// A batch with one reference, which keeps it alive until the last ``release(_:)``.
    func take() -> FrameBatch {
        let batch = spare.popLast() ?? FrameBatch()
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
        if spare.count < BatchPool.keptBatches, batch.footprint <= BatchPool.keptBytes {
            batch.reset()
            spare.append(batch)
        }
        Unmanaged.passUnretained(batch).release()
    }
}
