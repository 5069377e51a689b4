package import GalleyStorage

/// The address of an object, or of all objects whose keys begin alike: `s3://bucket/key`.
package struct ObjectAddress: Hashable, Sendable {
    /// `s3` or `gs`.
    package let scheme: String
    package let bucket: String
    /// The key, byte for byte as it was written; empty for a whole bucket.
    package let key: String

    /// Creates an address.
    package init(scheme: String = "s3", bucket: String, key: String) {
        self.scheme = scheme
        self.bucket = bucket
        self.key = key
    }

    /// The location with the same text.
    package var location: NotebookLocation { NotebookLocation("\(scheme)://\(bucket)/\(key)") }
}
