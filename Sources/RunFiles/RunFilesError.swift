import GalleyStorage

/// The reason why files are not brought to a run, or not stored after it.
package enum RunFilesError: Error {
    /// A file with other contents has the name of a file to bring.
    case exists(input: String, path: String)
    /// A path leads out of the folder.
    case outside(path: String)
    /// The files are more or larger than the limit.
    case tooMuch(option: String, place: String)
    /// A file to store has the name of a notebook of the run.
    case replacesNotebook(path: String, location: String)
    /// A file cannot be listed, so that it is not known whether a pattern matches.
    case unlisted(path: String)
    /// A file could not be read or written.
    case failed(option: String, path: String, reason: any Error)
}

extension RunFilesError: StorageFault {
    package var isTransient: Bool {
        if case .failed(_, _, let reason) = self { return (reason as? any StorageFault)?.isTransient ?? false }
        return false
    }
}

extension RunFilesError: CustomStringConvertible {
    /// The failure, its reason and a remedy.
    package var description: String {
        switch self {
        case .exists(let input, let path):
            "--input \(input): \(path) exists and is different; rename or remove one of them. Galley does not replace it"
        case .outside(let path): "--input: \(path) leads out of the notebook's folder; rename the file in the store"
        case .tooMuch(let option, let place):
            "\(option): \(place) has more than \(RunFilesSettings.maximumCount) files or "
                + "\(RunFilesSettings.maximumSize / 1_000_000_000) GB; name fewer files"
        case .replacesNotebook(let path, let location):
            "--collect: \(path) would replace the notebook \(location); write it under another name"
        case .unlisted(let path):
            "--collect: '\(path)' cannot be listed; its name is not UTF-8, or it is a folder without the right to read it"
        case .failed(let option, let path, let reason): "\(option): \(path): \(reason)"
        }
    }
}
