// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// The hub's version, as `gohub version`, `/version`, `welcome` and `gohub_build_info` say it.
enum Version {
    /// A semantic version; raised by hand at a release.
    static let current = "0.1.0"

    /// The commit it was built from, with "-modified" behind it when files had changed since; "unknown" for builds that
    /// `scripts/build release` did not make.
    static let revision = String(cString: gohub_revision())
}
