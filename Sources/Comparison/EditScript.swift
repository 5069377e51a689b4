/// The shortest list of changes that turns one list into another, found with Myers's algorithm.
struct EditScript {
    /// A range of the old list and the range of the new list that replaces it.
    struct Change: Equatable {
        var old: Range<Int>
        var new: Range<Int>
    }

    /// The changes in order; between them the lists are equal.
    let changes: [Change]

    /// Compares two lists; nil if they differ so much that the search would take too long.
    ///
    /// - Parameter effort: The approximate maximum number of steps.
    init?<Element: Hashable>(from old: [Element], to new: [Element], effort: Int = 20_000_000) {
        let shorter = min(old.count, new.count)
        let head = zip(old, new).prefix { $0 == $1 }.count
        var tail = 0
        while tail < shorter - head, old[old.count - 1 - tail] == new[new.count - 1 - tail] { tail += 1 }
        var numbers: [Element: Int] = [:]
        func number(_ element: Element) -> Int {
            if let known = numbers[element] { return known }
            numbers[element] = numbers.count
            return numbers.count - 1
        }
        let (one, other) = (old[head..<old.count - tail].map(number), new[head..<new.count - tail].map(number))
        guard let changes = Self.changes(from: one, to: other, effort: effort) else { return nil }
        self.changes = changes.map {
            Change(
                old: $0.old.lowerBound + head..<$0.old.upperBound + head,
                new: $0.new.lowerBound + head..<$0.new.upperBound + head)
        }
    }

    private static func changes(from old: [Int], to new: [Int], effort: Int) -> [Change]? {
        if old.isEmpty || new.isEmpty {
            return old.isEmpty && new.isEmpty ? [] : [Change(old: old.indices, new: new.indices)]
        }
        // The furthest index in the old list on each diagonal, after `count` removals and insertions. The history grows
        // quadratically with `count`, which the limit bounds.
        let sum = old.count + new.count
        let limit = min(sum, 1000, max(30, effort / sum))
        var furthest = Array(repeating: 0, count: 2 * limit + 3)
        let middle = limit + 1
        var history: [[Int]] = []
        for count in 0...limit {
            history.append(Array(furthest[middle - count - 1...middle + count + 1]))
            for diagonal in stride(from: -count, through: count, by: 2) {
                let goesDown = isDown(furthest[middle + diagonal - 1], furthest[middle + diagonal + 1], diagonal, count)
                var x = goesDown ? furthest[middle + diagonal + 1] : furthest[middle + diagonal - 1] + 1
                var y = x - diagonal
                while x < old.count, y < new.count, old[x] == new[y] { (x, y) = (x + 1, y + 1) }
                furthest[middle + diagonal] = x
                if x >= old.count, y >= new.count { return walkBack(history, (old.count, new.count)) }
            }
        }
        return nil
    }

    /// Whether the path reaches a diagonal by inserting an element of the new list.
    private static func isDown(_ left: Int, _ right: Int, _ diagonal: Int, _ count: Int) -> Bool {
        diagonal == -count || diagonal != count && left < right
    }

    private static func walkBack(_ history: [[Int]], _ end: (x: Int, y: Int)) -> [Change] {
        var changes: [Change] = []
        var (x, y) = end
        for (count, furthest) in history.enumerated().reversed() where count > 0 {
            let middle = count + 1
            let diagonal = x - y
            let (left, right) = (furthest[middle + diagonal - 1], furthest[middle + diagonal + 1])
            let goesDown = isDown(left, right, diagonal, count)
            let fromX = goesDown ? right : left
            let fromY = fromX - (goesDown ? diagonal + 1 : diagonal - 1)
            let change = Change(
                old: fromX..<(goesDown ? fromX : fromX + 1), new: fromY..<(goesDown ? fromY + 1 : fromY))
            if let next = changes.last, next.old.lowerBound == change.old.upperBound,
                next.new.lowerBound == change.new.upperBound
            {
                changes[changes.count - 1] = Change(
                    old: change.old.lowerBound..<next.old.upperBound, new: change.new.lowerBound..<next.new.upperBound)
            } else {
                changes.append(change)
            }
            (x, y) = (fromX, fromY)
        }
        return changes.reversed()
    }
}
