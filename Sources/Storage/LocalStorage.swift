import Glibc

/// The files of this machine, and `-` for the standard streams of this process.
public struct LocalStorage: StorageProvider {
    /// What messages call it.
    public let name = "this machine"

    /// Opens files with the rights of this process.
    public init() {}

    /// Whether the location is a path, or `-`.
    public func opens(_ location: NotebookLocation) -> Bool { location.scheme == nil }

    /// Makes a store of the file, or of the standard streams.
    public func store(at location: NotebookLocation) -> any NotebookStore {
        location == .standardStreams ? StandardStreams() : LocalFile(location.text)
    }

    /// Returns the notebooks in a folder, but for hidden ones and those that Jupyter keeps for itself.
    ///
    /// - Throws: ``StorageError`` if there is no such folder.
    public func notebooks(in folder: NotebookLocation) throws(StorageError) -> [NotebookLocation] {
        guard LocalFile.kind(of: folder.text) == .folder else {
            throw StorageError(reading: folder.text, Errno(rawValue: ENOTDIR))
        }
        return NotebookSearch().notebooks(folder.text).map { NotebookLocation($0.path) }
    }

    /// Makes the folder of a file, with those that it is in.
    public func makeFolder(of location: NotebookLocation) throws(StorageError) {
        if location != .standardStreams { try LocalRunFileWriter().makeFolder(of: location.text) }
    }

    /// The path without links and dots.
    public func identity(of location: NotebookLocation) -> String {
        location == .standardStreams ? location.text : LocalFile.canonicalPath(of: location.text)
    }

    /// Whether both are paths of one file, which can have several names.
    public func isSame(_ one: NotebookLocation, _ other: NotebookLocation) -> Bool {
        one != .standardStreams && other != .standardStreams && LocalFile.isSame(one.text, other.text)
    }
}
