/// A difference between the outputs of a cell and the outputs stored in its notebook.
package struct Difference: Hashable, Sendable {
    /// The part that differs, such as `stdout`, `text/plain of the result` or `image/png`.
    package let what: String
    /// Whether the part changed, is missing or is new.
    package let kind: Kind
    /// The lines that differ: `-` marks lines of the notebook, `+` marks new lines.
    package let lines: [String]
    /// The MIME type of the part; nil for streams and errors.
    package let type: String?
    /// The index of the stored output; nil if it is missing.
    package let storedOutput: Int?
    /// The index of the new output; nil if it is missing.
    package let newOutput: Int?

    /// The kinds of differences.
    package enum Kind: String, Hashable, Sendable {
        /// The part has a different value.
        case changed
        /// The part is in the notebook, but not in the new outputs.
        case missing
        /// The part is in the new outputs, but not in the notebook.
        case added
    }

    /// One line that names the part and the kind of difference.
    package var title: String {
        switch kind {
        case .changed: "\(what) differs"
        case .missing: "\(what) is missing"
        case .added: "\(what) is new"
        }
    }
}
