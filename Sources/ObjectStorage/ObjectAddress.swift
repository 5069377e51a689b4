package import GalleyStorage

/// The address of an object, or of all objects whose keys begin alike: `s3://bucket/key`.
package struct ObjectAddress: Hashable, Sendable {
    /// `s3` or `gs`.
    package let scheme: String
    package let bucket: String
    /// The key, byte for byte as it was written; empty for a whole bucket.
    package let key: String

    /// The greatest number of bytes of a key.
    private static let keyLimit = 1024

    /// Creates an address.
    package init(scheme: String = "s3", bucket: String, key: String) {
        self.scheme = scheme
        self.bucket = bucket
        self.key = key
    }

    /// Reads the address of a location.
    ///
    /// - Throws: ``ObjectStorageError/invalidLocation(_:reason:)``.
    init(_ location: NotebookLocation) throws(ObjectStorageError) {
        let text = location.text
        guard let scheme = location.scheme, let end = text.utf8.firstRange(of: "://".utf8)?.upperBound else {
            throw .invalidLocation(text, reason: "this is no location of an object; write s3://BUCKET/KEY")
        }
        let rest = text[end...]
        let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let bucket = String(rest[..<slash])
        guard !bucket.isEmpty, bucket.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw .invalidLocation(text, reason: "the name of the bucket is missing; write \(scheme)://BUCKET/KEY")
        }
        let key = slash == rest.endIndex ? "" : String(rest[rest.utf8.index(after: slash)...])
        guard key.utf8.count <= Self.keyLimit else {
            throw .invalidLocation(
                text, reason: "the key has \(key.utf8.count) bytes, and a store allows \(Self.keyLimit); shorten it")
        }
        self.init(scheme: scheme, bucket: bucket, key: key)
    }

    /// Reads the address of a single object.
    ///
    /// - Throws: ``ObjectStorageError/invalidLocation(_:reason:)``, also for a bucket or a folder.
    init(ofObjectAt location: NotebookLocation) throws(ObjectStorageError) {
        try self.init(location)
        guard !key.isEmpty, key.utf8.last != UInt8(ascii: "/") else {
            throw .invalidLocation(location.text, reason: "this is a folder of a bucket; add the name of the object")
        }
    }

    /// The location with the same text.
    package var location: NotebookLocation { NotebookLocation("\(scheme)://\(bucket)/\(key)") }

    /// Returns the address of another object of the bucket.
    func withKey(_ key: String) -> ObjectAddress { ObjectAddress(scheme: scheme, bucket: bucket, key: key) }

    /// Returns the address for a result beside the object, whose key is no longer than a store allows.
    func conflict(_ number: Int) -> ObjectAddress {
        var name = key
        while true {
            let path = LocalFile.conflictPath(beside: name, number)
            let excess = path.utf8.count - Self.keyLimit
            let suffix = name.hasSuffix(".ipynb") ? ".ipynb" : ""
            let stem = name.dropLast(suffix.count)
            guard excess > 0, !stem.lastName.isEmpty else { return withKey(path) }
            name = stem.dropLast(max(1, excess / 4)) + suffix
        }
    }

    /// The address of the objects below this one, whose keys begin with it and a slash.
    var folder: ObjectAddress { key.isEmpty || key.utf8.last == UInt8(ascii: "/") ? self : withKey(key + "/") }
}
