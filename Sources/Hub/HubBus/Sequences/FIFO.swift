// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A queue: what was added first is taken first.
///
/// Inlined into those who use it: unspecialized, each call would look up the element's type.
///
/// - Complexity: O(1) each, amortised; what was taken is moved out of the way once it is half of the memory.
package struct FIFO<Element> {
    @usableFromInline var elements: [Element?] = []
    @usableFromInline var head = 0

    /// Makes an empty one.
    @inlinable
    package init() {}

    @inlinable package var count: Int { elements.count - head }
    @inlinable package var isEmpty: Bool { head == elements.count }
    /// What is taken next.
    @inlinable package var first: Element? { isEmpty ? nil : elements[head] }

    /// The element that is so many behind the first; nil when there are not so many.
    subscript(_ offset: Int) -> Element? { offset >= 0 && offset < count ? elements[head + offset] : nil }

    @inlinable
    package mutating func append(_ element: Element) { elements.append(element) }

    /// Takes the first; nil when there is none.
    @discardableResult
    @inlinable
    package mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        defer { advance() }
        return elements[head].take()
    }

    /// Takes the first if it is one that a function wants.
    @inlinable
    package mutating func popFirst(where isWanted: (Element) -> Bool) -> Element? {
        guard let first, isWanted(first) else { return nil }
        return popFirst()
    }

    /// Changes the element that is so many behind the first.
    mutating func change<Result>(_ offset: Int, _ body: (inout Element) -> Result) -> Result? {
        guard offset >= 0, offset < count, var element = elements[head + offset].take() else { return nil }
        defer { elements[head + offset] = element }
        return body(&element)
    }

    /// Takes out those that a function does not want kept; the others keep their order.
    ///
    /// - Complexity: O(n).
    mutating func removeAll(where isUnwanted: (Element) -> Bool) {
        elements.removeFirst(head)
        head = 0
        elements.removeAll { $0.map(isUnwanted) ?? true }
    }

    @inlinable
    mutating func advance() {
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: elements.capacity <= 8192)
            head = 0
        } else if head >= 1024, head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
    }
}
