// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

/// Where a node is in the stream, for the connection after this one to go on from.
struct StreamPlace {
    /// The last entry that was taken; nil to begin with what comes from now on.
    var position: StreamID?
    /// How many entries are still read one by one, as several together were too large for a reply.
    var singlesLeft = 0
    /// Until when no more is asked for than may come whatever it is: large entries lay behind many small ones.
    var smallStepsEnd = MonotonicTime(nanoseconds: 0)
    var interests = StreamInterests<StreamID>()
}
