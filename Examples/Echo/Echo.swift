// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

@main
struct Echo {
    static func main() {
        print("echo")
    }
}
