// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if FUZZING
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Darwin)
        import Darwin
    #endif

    /// What libFuzzer calls with each input; the environment's FUZZ_TARGET names the program to run.
    @c(LLVMFuzzerTestOneInput)
    public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        do {
            try chosenTarget.run(UnsafeRawBufferPointer(start: start, count: count))
        } catch {
            fatalError("\(error)")
        }
        return 0
    }

    private let chosenTarget: FuzzTarget = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = FuzzTarget(rawValue: name) else { fatalError("FUZZ_TARGET names no target") }
        return target
    }()
#endif
