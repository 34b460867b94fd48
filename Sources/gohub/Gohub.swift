// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

@main
struct Gohub {
    static func main() {
        print("gohub")
    }
}
