/// One thing in which what a cell put out differs from what its notebook has stored.
package struct Difference: Hashable, Sendable {
    /// What differs, such as `stdout`, `text/plain of the result` or `image/png`.
    package let what: String
    /// Whether both have it.
    package let kind: Kind
    /// How they differ: lines with `-` are the notebook's, lines with `+` are new.
    package let lines: [String]

    /// What can be said of a thing.
    package enum Kind: String, Hashable, Sendable {
        /// It is another now.
        case changed
        /// It is in the notebook, and was not put out now.
        case missing
        /// It was put out now, and is not in the notebook.
        case added
    }

    /// What differs, and whether both have it, as one line.
    package var title: String {
        switch kind {
        case .changed: "\(what) differs"
        case .missing: "\(what) is missing"
        case .added: "\(what) is new"
        }
    }
}
