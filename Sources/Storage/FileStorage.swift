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

    /// Replaces a file, completely or not at all, also one that another program has changed.
    ///
    /// - Parameter mediaType: The type of the contents, such as `text/html`.
    func writeFile(_ bytes: some ByteRuns, at location: NotebookLocation, mediaType: String) async throws

    /// Writes a file, completely or not at all, unless the location has a file that must not be replaced.
    ///
    /// - Parameter mayReplace: Decides about the file at the location.
    /// - Returns: The version of the file; nil if a file with other contents keeps the location.
    func write(
        _ contents: FileContents, at location: NotebookLocation, replacing mayReplace: @Sendable (PresentFile) -> Bool
    ) async throws -> String?

    /// Returns the versions of the files in the folder of a location whose paths from there match; nil if they are more
    /// than `limit`.
    func versions(
        matching patterns: [Glob], beside location: NotebookLocation, limit: Int
    ) async throws -> [NotebookLocation: String]?

    /// Removes a file, if it exists.
    func removeFile(at location: NotebookLocation) async throws

    /// Returns the files in a folder and its subfolders, sorted by path, or the one file at the location.
    ///
    /// - Throws: An error if there is none, or more than `limit` files.
    func files(in folder: NotebookLocation, limit: Int) async throws -> [StoredFile]

    /// Copies a file into a new local file, which the caller finishes.
    ///
    /// - Throws: An error if the file cannot be read, or has changed since it was listed.
    func download(_ file: StoredFile, to new: NewFile) async throws
}

extension FileStorage {
    /// Returns by default whether the list of the location has the file alone.
    package func hasFile(at location: NotebookLocation) async throws -> Bool {
        try await files(in: location, limit: 1).contains { $0.location == location }
    }

    /// Writes a file, or one beside it if the location has a file that must not be replaced.
    ///
    /// - Returns: The location that has the contents, and its version.
    package func writeHereOrBeside(
        _ contents: FileContents, at location: NotebookLocation, replacing mayReplace: @Sendable (PresentFile) -> Bool
    ) async throws -> (location: NotebookLocation, version: String) {
        for number in 0...1_000 {
            let place = number == 0 ? location : location.conflict(number)
            if let version = try await write(contents, at: place, replacing: mayReplace) { return (place, version) }
        }
        throw NoFreeName(location: location)
    }
}

/// The contents of a file to write.
package enum FileContents: Sendable {
    /// Bytes of a type such as `text/html`.
    case bytes(any ByteRuns, mediaType: String)
    /// The contents of a local file, of the type that the name of the new file has.
    case file(_ path: String)
}

/// A file that is already where another one is to be written.
package struct PresentFile: Hashable, Sendable {
    package let location: NotebookLocation
    package let version: String
    /// The shortest time that may have passed since the file was written; nil if it is not known.
    package let age: Duration?

    /// Creates a file.
    package init(location: NotebookLocation, version: String, age: Duration?) {
        (self.location, self.version, self.age) = (location, version, age)
    }
}

/// The error of a file for which all names are taken.
package struct NoFreeName: Error, CustomStringConvertible {
    package let location: NotebookLocation

    package var description: String {
        "\(location.shown): all names for a file beside it are taken. Remove those that have galley-conflict in their names"
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
