/// Elements that wait for somebody to take them, first come, first served. What was taken is let go at once.
package struct Queue<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var first = 0
    /// How many elements there were before those that are in the array.
    private var removed = 0

    /// Makes an empty queue.
    package init() {}

    /// The number that the next element gets.
    package var end: Int { removed + elements.count }

    /// Adds an element at the end.
    package mutating func append(_ element: Element) { elements.append(element) }

    /// The element at the end; nil where there is none.
    package var last: Element? { first < elements.count ? elements.last ?? nil : nil }

    /// Takes the first element; nil where there is none.
    package mutating func popFirst() -> Element? {
        guard first < elements.count else { return nil }
        defer {
            elements[first] = nil
            first += 1
            // The places of what was taken are given back from time to time, at a cost that does not grow with what waits.
            if first == elements.count || first > 1000 && first * 2 > elements.count {
                elements.removeFirst(first)
                removed += first
                first = 0
            }
        }
        return elements[first]
    }

    /// Replaces the element of this number; returns whether it was still there.
    package mutating func replace(_ number: Int, with element: Element) -> Bool {
        guard number >= removed + first, number < end else { return false }
        elements[number - removed] = element
        return true
    }
}
