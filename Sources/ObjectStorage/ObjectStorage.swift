package import GalleyHTTP
public import GalleyStorage

/// Notebooks in stores that speak the protocol of Amazon S3, at locations such as `s3://bucket/report.ipynb`.
///
/// `gs://bucket/report.ipynb` is a notebook in Google's store, with the HMAC keys of `GS_ACCESS_KEY_ID` and
/// `GS_SECRET_ACCESS_KEY`.
public struct ObjectStorage: StorageProvider {
    /// The name of the provider in messages.
    public let name = "object storage"

    let clients: ObjectClients

    /// The greatest number of notebooks that a folder may have.
    private static let notebookLimit = 100_000

    /// Creates a provider that finds the store, its region and its credentials as the AWS tools do: in these variables,
    /// in the files of the user's profile, and at the services of the machine. Does no I/O.
    public init(environment: [String: String]) { self.init(environment: environment, time: .system) }

    /// Creates a provider with clocks of a test.
    package init(environment: [String: String], time: HTTPTime) {
        clients = ObjectClients(environment: environment, time: time)
    }

    /// Whether the scheme is `s3` or `gs`.
    public func opens(_ location: NotebookLocation) -> Bool { ["s3", "gs"].contains(location.scheme) }

    /// Creates the store of one notebook.
    ///
    /// - Throws: ``ObjectStorageError`` if the location is not that of an object.
    public func store(at location: NotebookLocation) throws -> any NotebookStore {
        ObjectNotebook(try ObjectAddress(ofObjectAt: location), named: location.text, clients)
    }

    /// Returns the notebooks below a location, sorted.
    ///
    /// - Throws: ``ObjectStorageError``, and an error if there are no keys for the store.
    public func notebooks(in folder: NotebookLocation) async throws -> [NotebookLocation] {
        let address = try ObjectAddress(folder).folder
        let objects = try await clients.client(of: address).list(address, limit: Self.notebookLimit)
        return objects.map(\.key).filter { $0.utf8.suffix(6).elementsEqual(".ipynb".utf8) }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { address.withKey($0).location }
    }

    /// Returns the location with its scheme in lowercase.
    public func identity(of location: NotebookLocation) -> String {
        (try? ObjectAddress(location).location.text) ?? location.text
    }
}
