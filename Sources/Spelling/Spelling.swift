/// Suggestions for misspelled names.
package enum Spelling {
    /// Returns up to two names that differ from `name` by only a few letters, the nearest first.
    package static func nearest(to name: String, in names: [String]) -> [String] {
        let ranked = names.map { (distance(name.lowercased(), $0.lowercased()), $0) }.sorted { $0 < $1 }
        return ranked.filter { $0.0 <= max(2, name.count / 3) }.prefix(2).map(\.1)
    }

    /// Returns the number of letters to change, insert or delete to turn one word into the other.
    private static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        var row = Array(0...other.count)
        for (index, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, second) in other.enumerated() {
                let best = min(row[column] + 1, row[column + 1] + 1, diagonal + (letter == second ? 0 : 1))
                diagonal = row[column + 1]
                row[column + 1] = best
            }
        }
        return row[other.count]
    }
}
