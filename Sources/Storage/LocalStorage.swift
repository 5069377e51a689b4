import Glibc

/// The local files, and `-` for the standard streams of this process.
public struct LocalStorage: StorageProvider {
    /// The name of the provider in messages.
    public let name = "this machine"

    /// Creates a provider that opens files with the permissions of this process.
    public init() {}

    /// Whether the location is a path or `-`.
    public func opens(_ location: NotebookLocation) -> Bool { location.scheme == nil }

    /// Returns a store for the file or the standard streams.
    public func store(at location: NotebookLocation) -> any NotebookStore {
        location == .standardStreams ? StandardStreams() : LocalFile(location.text)
    }

    /// Returns the notebooks in a folder, without hidden files and Jupyter's checkpoints.
    ///
    /// - Throws: ``StorageError`` if the folder does not exist.
    public func notebooks(in folder: NotebookLocation) throws(StorageError) -> [NotebookLocation] {
        guard LocalFile.kind(of: folder.text) == .folder else {
            throw StorageError(reading: folder.text, Errno(rawValue: ENOTDIR))
        }
        return NotebookSearch().notebooks(folder.text).found.map { NotebookLocation($0.path) }
    }

    /// Creates the folder of a file and its missing parent folders.
    public func makeFolder(of location: NotebookLocation) throws(StorageError) {
        if location != .standardStreams { try LocalRunFileWriter().makeFolder(of: location.text) }
    }

    /// Returns the absolute path without links and dots.
    public func identity(of location: NotebookLocation) -> String {
        location == .standardStreams ? location.text : LocalFile.canonicalPath(of: location.text)
    }

    /// Whether both are paths of one file. A file can have several paths.
    public func isSame(_ one: NotebookLocation, _ other: NotebookLocation) -> Bool {
        one != .standardStreams && other != .standardStreams && LocalFile.isSame(one.text, other.text)
    }
}
