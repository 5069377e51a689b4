/// The code cells to run, by their tags and their numbers. An empty selection selects every cell.
public struct CellSelection: Hashable, Sendable {
    /// Cells with one of these tags are selected.
    public var tags: Set<String> = []
    /// Code cells with these numbers, counted from 1, are selected.
    public var numbers: [ClosedRange<Int>] = []

    /// Selects every cell.
    public init() {}

    /// Whether the selection names neither a tag nor a number, and so selects every cell.
    public var isEmpty: Bool { tags.isEmpty && numbers.isEmpty }

    /// Returns whether a code cell is selected.
    func contains(_ number: Int, _ cellTags: [String]) -> Bool {
        isEmpty || numbers.contains { $0.contains(number) } || !tags.isDisjoint(with: cellTags)
    }

    /// Checks that each tag and number belongs to a code cell.
    func check(_ cells: [PlannedCell]) throws(PlanError) {
        let known = Set(cells.flatMap(\.tags))
        if let tag = tags.subtracting(known).min() { throw .noSuchTag(tag, tags: known.sorted()) }
        for range in numbers where range.upperBound > cells.count {
            throw .noSuchNumber(max(range.lowerBound, cells.count + 1), cells: cells.count)
        }
    }
}

extension [ClosedRange<Int>] {
    /// Reads numbers and ranges of numbers from 1 on, such as `3,5-7`; nil if the text is anything else.
    package init?(parsingCells text: String) {
        self = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first > 0, first <= last
            else { return nil }
            append(first...last)
        }
    }

    /// The numbers and ranges as text, such as `3,5-7`.
    package var cellNumbers: String {
        map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}
