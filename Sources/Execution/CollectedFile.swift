package import GalleyJSON

/// A file that a run has made and that was stored beside its result.
package struct CollectedFile: Hashable, Sendable {
    /// The path from the folder of the kernel.
    package let path: String
    /// The place of the copy.
    package let location: String
    /// The number of bytes.
    package let size: Int

    /// Creates a file.
    package init(path: String, location: String, size: Int) {
        (self.path, self.location, self.size) = (path, location, size)
    }

    /// The file in JSON.
    package var json: Value { ["location": .string(location), "path": .string(path), "size": .number(size)] }

    /// Reads a file from JSON; nil if a member is missing.
    package init?(json: Value) {
        guard let path = json["path"]?.string, let location = json["location"]?.string, let size = json["size"]?.int
        else { return nil }
        self.init(path: path, location: location, size: size)
    }
}
