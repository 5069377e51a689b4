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
    /// The parts of outputs that differ; nil for streams and errors.
    package let parts: OutputParts?

    /// A stored and a new output, and the MIME type by which they differ.
    package struct OutputParts: Sendable {
        /// The MIME type.
        package let type: String
        /// The index of the stored output of the cell; nil if it is missing.
        package let stored: Int?
        /// The index of the new output of the cell; nil if it is missing.
        package let new: Int?

        /// Names the parts of two outputs.
        package init(type: String, stored: Int?, new: Int?) {
            (self.type, self.stored, self.new) = (type, stored, new)
        }
    }

    /// Describes a difference.
    package init(
        cell: Int, index: Int, fileLine: Int? = nil, what: String, lines: [String], parts: OutputParts? = nil
    ) {
        (self.cell, self.index, self.fileLine, self.what) = (cell, index, fileLine, what)
        (self.lines, self.parts) = (lines, parts)
    }
}
