/// A storage provider that also holds other files than notebooks, such as reports, parameters and data.
package protocol FileStorage: StorageProvider {
    /// Returns the contents of a file.
    ///
    /// - Throws: An error if the file does not exist, cannot be read, or has more than `limit` bytes.
    func readFile(at location: NotebookLocation, limit: Int) async throws -> [UInt8]

    /// Whether there is a file at a location.
    ///
    /// - Throws: An error if the storage does not answer the question.
    func hasFile(at location: NotebookLocation) async throws -> Bool

    /// Replaces a file, completely or not at all.
    ///
    /// - Parameter mediaType: The type of the contents, such as `text/html`.
    func writeFile(_ bytes: some ByteRuns, at location: NotebookLocation, mediaType: String) async throws

    /// Removes a file, if it exists.
    func removeFile(at location: NotebookLocation) async throws

    /// Returns the files in a folder and its subfolders, sorted by path, or the one file at the location.
    ///
    /// - Throws: An error if there is none, or more than `limit` files.
    func files(in folder: NotebookLocation, limit: Int) async throws -> [StoredFile]

    /// Copies a file to a new local file. A part of a file never appears at the path.
    ///
    /// - Throws: An error if the file cannot be read, has changed since it was listed, or the path exists.
    func download(_ file: StoredFile, to path: String) async throws

    /// Copies a local file to a location, completely or not at all, and replaces a file there.
    func upload(_ path: String, to location: NotebookLocation) async throws
}

extension FileStorage {
    /// Returns by default whether the list of the location has the file alone.
    package func hasFile(at location: NotebookLocation) async throws -> Bool {
        try await files(in: location, limit: 1).contains { $0.location == location }
    }
}

/// A file of a folder that a provider has listed.
package struct StoredFile: Hashable, Sendable {
    package let location: NotebookLocation
    /// The path from the folder, such as `data/2024.csv`; the name alone for a single file. It has no empty component
    /// and no `.` or `..`.
    package let relativePath: String
    package let size: Int
    /// The version of the contents, such as an ETag; nil if the provider has none.
    package let version: String?

    /// Creates a file.
    package init(location: NotebookLocation, relativePath: String, size: Int, version: String? = nil) {
        self.location = location
        self.relativePath = relativePath
        self.size = size
        self.version = version
    }
}
