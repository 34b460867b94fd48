// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The hub's version, as `gohub version`, `/version`, `welcome` and `gohub_build_info` say it.
enum Version {
    /// A semantic version; raised by hand at a release.
    static let current = "0.1.0"
}
