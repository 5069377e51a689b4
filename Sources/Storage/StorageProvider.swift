/// A kind of place where notebooks are kept: the local file system or another service.
///
/// A run uses the first of its providers that ``opens(_:)`` a location. The provider creates one store per run and
/// keeps no state of the run.
public protocol StorageProvider: Sendable {
    /// The name of the provider in messages.
    var name: String { get }

    /// Whether the provider handles the location, which it decides by the scheme.
    func opens(_ location: NotebookLocation) -> Bool

    /// Creates a store for one run of the notebook at a location. Does no I/O.
    ///
    /// - Throws: An error if the location cannot be that of a notebook.
    func store(at location: NotebookLocation) throws -> any NotebookStore

    /// Returns the sorted locations of the notebooks in a folder and its subfolders.
    ///
    /// - Throws: An error if the folder cannot be listed.
    func notebooks(in folder: NotebookLocation) async throws -> [NotebookLocation]

    /// Creates the folder for a result at a location.
    ///
    /// - Throws: An error if the folder does not exist and cannot be created.
    func makeFolder(of location: NotebookLocation) async throws

    /// Returns the identity of a place: the same text for all spellings of its location, even before the notebook
    /// exists.
    func identity(of location: NotebookLocation) -> String

    /// Whether both locations lead to the same notebook.
    func isSame(_ one: NotebookLocation, _ other: NotebookLocation) -> Bool
}

extension StorageProvider {
    /// Does nothing by default, for stores without folders.
    public func makeFolder(of location: NotebookLocation) async throws {}

    /// Returns the text of the location by default, for places with only one location.
    public func identity(of location: NotebookLocation) -> String { location.text }

    /// Returns whether both identities are equal.
    public func isSame(_ one: NotebookLocation, _ other: NotebookLocation) -> Bool {
        identity(of: one).utf8.elementsEqual(identity(of: other).utf8)
    }
}

/// An error of a notebook store. After a transient error, a batch runs the notebook again.
///
/// The `galley` program ends with exit status 3, as for every error that is not a kernel's.
public protocol StorageFault: Error {
    /// Whether the next attempt may succeed.
    var isTransient: Bool { get }
}

/// An error for a location that none of the storage providers opens.
public struct UnknownStorage: Error, Hashable, CustomStringConvertible {
    /// The location.
    public let location: NotebookLocation

    /// Creates the error.
    public init(location: NotebookLocation) { self.location = location }

    /// The failure and a remedy.
    public var description: String {
        if location.serverPath != nil {
            return "\(location): no Jupyter server is given. Add --server URL, or for a local file write ./\(location)"
        }
        return "\(location): no storage provider opens \(location.scheme.map { "\($0)://" } ?? "it"). \(remedy)"
    }

    /// What to write instead.
    private var remedy: String {
        switch location.scheme {
        case "s3a", "s3n": "Write s3://\(location.text.drop { $0 != "/" }.dropFirst(2))"
        case "file": "Write the path alone, without file://"
        case "az", "abfs", "abfss", "wasb", "wasbs", "adl":
            "Galley reads an object of Azure at its signed address, https://...?sig=..., which 'az storage blob "
                + "generate-sas --full-uri' prints; name a local file for the result, and upload it with --then"
        case "hdfs", "dbfs", "webhdfs":
            "Copy the notebook to a local file first, and name a local file for the result"
        default: "For a local file, write ./\(location)"
        }
    }
}

extension [any StorageProvider] {
    /// Returns the first provider that opens a location.
    package func provider(of location: NotebookLocation) throws(UnknownStorage) -> any StorageProvider {
        guard let provider = first(where: { $0.opens(location) }) else { throw UnknownStorage(location: location) }
        return provider
    }
}
