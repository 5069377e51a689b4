import GalleyStorage

/// The reason why a notebook on a Jupyter server could not be read or written. Its old contents still exist.
package enum ServerContentsError: StorageFault, Hashable {
    /// The server could not be used.
    case server(ServerError)
    /// The server is a gateway, which has no files.
    case noContents(server: String)
    /// There is no such file.
    case notFound(String)
    /// There is no such folder.
    case folderNotFound(String)
    /// The place is a folder.
    case notAFile(String)
    /// The place is not a folder.
    case notAFolder(String)
    /// The contents are not UTF-8.
    case notUTF8(String)
    /// The server does not write to the place.
    case notWritable(String)
    /// The server takes no requests of so many bytes.
    case tooLarge(String, bytes: Int)
    /// A folder has too many entries or levels.
    case tooManyEntries(String)
    /// The location is not one of a file on a server.
    case invalidLocation(String)
    /// All names for a result beside the notebook are taken.
    case noFreeName(String)
    /// The server refuses the operation, for a reason that it gives.
    case refused(String, status: Int, reason: String?)
}

extension ServerContentsError {
    /// Whether the next attempt may succeed.
    package var isTransient: Bool {
        switch self {
        case .server(let error): error.isTransient
        case .refused(_, let status, _): status == 423 || status == 429 || status > 500
        default: false
        }
    }
}

extension ServerContentsError: CustomStringConvertible {
    /// The failure, its reason and a remedy.
    package var description: String {
        switch self {
        case .server(let error): "\(error)"
        case .noContents(let server):
            "\(server) has kernels but no files. Use a local notebook, or a Jupyter Server"
        case .notFound(let place): "\(place): no such file on the server"
        case .folderNotFound(let place): "\(place): its folder does not exist on the server; create it first"
        case .notAFile(let place): "\(place) is a folder; give the path of a notebook"
        case .notAFolder(let place): "\(place) is not a folder on the server"
        case .notUTF8(let place): "\(place) is not UTF-8, so it is not a notebook"
        case .notWritable(let place):
            "\(place) is read-only on the server; give write permission, or write the result elsewhere"
        case .tooLarge(let place, let bytes):
            "\(place): the server takes no file of \(bytes) bytes. Raise its ServerApp.max_body_size, or write the "
                + "result elsewhere"
        case .tooManyEntries(let place):
            "\(place) has too many files or levels of folders to search. Give a folder within it"
        case .invalidLocation(let place):
            "\(place) does not name a file on a Jupyter server. Write jupyter:FOLDER/NAME.ipynb"
        case .noFreeName(let place): "\(place): no free name is left beside it. Remove old results"
        case .refused(let place, let status, let reason):
            "\(place): the server refuses it with HTTP status \(status)" + (reason.map { ": \($0)" } ?? "")
        }
    }
}
