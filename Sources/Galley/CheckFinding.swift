/// A difference that `galley check` finds between a cell's outputs and the stored ones.
package struct CheckFinding: Sendable {
    /// The cell's number among the code cells, from 1.
    package let cell: Int
    /// The cell's index among all cells, from 0.
    package let index: Int
    /// The line of the notebook's file on which the cell begins; nil if it is unknown.
    package let fileLine: Int?
    /// The kind of difference, such as "stdout differs".
    package let what: String
    /// The difference, line by line.
    package let lines: [String]

    /// Describes a difference.
    package init(cell: Int, index: Int, fileLine: Int? = nil, what: String, lines: [String]) {
        (self.cell, self.index, self.fileLine, self.what, self.lines) = (cell, index, fileLine, what, lines)
    }
}
