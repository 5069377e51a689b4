import GalleyJupyterProtocol
import Testing

@Suite struct `A queue` {
    private final class Thing: Sendable {}

    @Test func `A queue releases a taken element at once`() throws {
        var queue = Queue<Thing>()
        for _ in 0..<10 { queue.append(Thing()) }
        weak let first = queue.popFirst()
        #expect(first == nil)
        var count = 0
        while queue.popFirst() != nil { count += 1 }
        #expect(count == 9)
    }

    @Test func `A queue keeps its order, for any additions and removals`() {
        var queue = Queue<Int>()
        var taken: [Int] = []
        for number in 0..<5000 {
            queue.append(number)
            if number % 3 == 0, let first = queue.popFirst() { taken.append(first) }
        }
        while let next = queue.popFirst() { taken.append(next) }
        #expect(taken == Array(0..<5000))
    }

    @Test func `A queue replaces an element that still waits`() {
        var queue = Queue<Int>()
        for number in 0..<3000 { queue.append(number) }
        for _ in 0..<2500 { _ = queue.popFirst() }
        let (gone, there, unborn) = (
            queue.replace(2499, with: -1), queue.replace(2500, with: -1), queue.replace(3000, with: -1)
        )
        #expect(!gone && there && !unborn)
        #expect(queue.popFirst() == -1 && queue.popFirst() == 2501 && queue.end == 3000)
    }

    @Test func `A queue shows its last element, taken or not`() {
        var queue = Queue<Int>()
        #expect(queue.last == nil)
        queue.append(1)
        queue.append(2)
        #expect(queue.last == 2)
        _ = queue.popFirst()
        #expect(queue.last == 2)
        _ = queue.popFirst()
        #expect(queue.last == nil)
    }
}
