import GalleyNotebook

extension NotebookError {
    /// The error with the command that helps.
    var withHint: String { hint.map { "\(self) (\($0))" } ?? "\(self)" }

    private var hint: String? {
        switch problem {
        case .otherFormat(.pythonScript): "jupytext --to notebook"
        case .otherFormat(.gitLFSPointer): "git lfs pull"
        case .otherFormat(.gzip): "gunzip"
        default: nil
        }
    }
}
