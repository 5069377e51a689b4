package import GalleyJSON

/// A file that a run has made and that was stored beside its result.
package struct CollectedFile: Hashable, Sendable {
    /// The path from the folder of the kernel.
    package let path: String
    /// The place of the copy.
    package let location: String
    /// The number of bytes.
    package let size: Int
    /// The place that the copy would have, if it has a file that has appeared or changed during the run; the copy is beside
    /// it.
    package let conflict: String?

    /// Creates a file.
    package init(path: String, location: String, size: Int, conflict: String? = nil) {
        (self.path, self.location, self.size, self.conflict) = (path, location, size, conflict)
    }

    /// What the user should know; nil if the copy has its own place.
    package var warning: String? {
        conflict.map { "\($0) has appeared or changed during the run, and stays; the file of this run is \(location)" }
    }

    /// The file in JSON.
    package var json: Value {
        var json: Value = ["location": .string(location), "path": .string(path), "size": .number(size)]
        if let conflict { json["conflict"] = .string(conflict) }
        return json
    }

    /// Reads a file from JSON; nil if a member is missing.
    package init?(json: Value) {
        guard let path = json["path"]?.string, let location = json["location"]?.string, let size = json["size"]?.int
        else { return nil }
        self.init(path: path, location: location, size: size, conflict: json["conflict"]?.string)
    }
}
