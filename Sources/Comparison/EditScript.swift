/// What has to be changed in one list to get another, after Myers: as few elements as possible.
struct EditScript {
    /// A range of the old list, and the range of the new that stands in its place.
    struct Change: Equatable {
        var old: Range<Int>
        var new: Range<Int>
    }

    /// The changes, in their order; between them the lists are the same.
    let changes: [Change]

    /// Compares two lists; nil where they have so little in common that looking for it would take too long.
    ///
    /// - Parameter effort: About how many steps are taken at most.
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
        // The furthest place in the old list on each diagonal, after so many removals and insertions. What is kept of
        // it grows with their square.
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

    /// Whether the way onto a diagonal inserts an element of the new list.
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
