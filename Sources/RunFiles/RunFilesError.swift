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
    /// A file is not stored, because it cannot be listed or is a link.
    case unlisted(path: String)
    /// The run was stopped before so many files were stored.
    case stopped(count: Int)
    /// So many files are not stored, the first one for this reason.
    indirect case incomplete(RunFilesError, count: Int)
    /// The files cannot be brought into the folder.
    case readOnly(folder: String)
    /// A file could not be read or written.
    case failed(option: String, path: String, reason: any Error)
}

extension RunFilesError: StorageFault {
    package var isTransient: Bool {
        switch self {
        case .failed(_, _, let reason): (reason as? any StorageFault)?.isTransient ?? false
        case .incomplete(let first, _): first.isTransient
        default: false
        }
    }
}

extension RunFilesError: CustomStringConvertible {
    /// The failure, its reason and a remedy.
    package var description: String {
        switch self {
        case .exists(let input, let path):
            "--input \(input): \(path) exists and is different; rename or remove one of them. An earlier run may "
                + "have changed it"
        case .outside(let path): "--input: \(path) leads out of the notebook's folder; rename the file in the store"
        case .tooMuch(let option, let place):
            "\(option): \(place) has more than \(RunFilesSettings.maximumCount) files or "
                + "\(RunFilesSettings.maximumSize / 1_000_000_000) GB; name fewer files"
        case .replacesNotebook(let path, let location):
            "--collect: \(path) would replace the notebook \(location); write it under another name"
        case .unlisted(let path):
            "--collect: '\(path.isEmpty ? "." : path)' is not stored: it is a link, a folder that cannot be read, or a name that is not UTF-8"
        case .stopped(let count): "--collect: the run was stopped before \(count) of its files were stored"
        case .incomplete(.stopped(let count), _): "\(RunFilesError.stopped(count: count))"
        case .incomplete(let first, let count): "\(first). \(count - 1) more of the files are not stored"
        case .readOnly(let folder):
            "--input: \(folder) cannot be written to; give the run another folder by --cwd"
        case .failed(let option, let path, let reason):
            "\(reason)".contains("/" + path) || "\(reason)".hasPrefix(path)
                ? "\(option): \(reason)" : "\(option): \(path): \(reason)"
        }
    }
}
