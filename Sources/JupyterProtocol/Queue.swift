/// A first-in, first-out queue that releases elements as soon as they are removed.
package struct Queue<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var first = 0
    /// The number of elements removed from the beginning of the array.
    private var removed = 0

    /// Creates an empty queue.
    package init() {}

    /// The number of the next element to be appended.
    package var end: Int { removed + elements.count }

    /// Appends an element.
    package mutating func append(_ element: Element) { elements.append(element) }

    /// The last element; nil if the queue is empty.
    package var last: Element? { first < elements.count ? elements.last ?? nil : nil }

    /// Removes and returns the first element; nil if the queue is empty.
    package mutating func popFirst() -> Element? {
        guard first < elements.count else { return nil }
        defer {
            elements[first] = nil
            first += 1
            // The array is compacted rarely enough that the cost does not grow with the number of elements.
            if first == elements.count || first > 1000 && first * 2 > elements.count {
                elements.removeFirst(first)
                removed += first
                first = 0
            }
        }
        return elements[first]
    }

    /// Replaces the element with this number; returns false if it was already removed.
    package mutating func replace(_ number: Int, with element: Element) -> Bool {
        guard number >= removed + first, number < end else { return false }
        elements[number - removed] = element
        return true
    }
}
