/// Finds the names that a misspelled name may stand for.
package enum Spelling {
    /// The names that differ from `name` by a few letters, the nearest first.
    ///
    /// At most half of the letters may differ, so a single letter is near nothing.
    package static func nearest(to name: String, in names: [String]) -> [String] {
        let ranked = names.map { (distance(name.lowercased(), $0.lowercased()), $0) }.sorted { $0 < $1 }
        let letters = name.drop { $0 == "-" }.count
        return ranked.filter { $0.0 <= min(max(2, name.count / 3), letters / 2) }.prefix(2).map(\.1)
    }

    /// The number of letters to be changed, added or left out between two words.
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
