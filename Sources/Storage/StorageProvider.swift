/// A kind of place where notebooks are kept: the files of this machine, or a service elsewhere.
///
/// A run asks the first of its providers that ``opens(_:)`` a location. Each makes a store for one run; the provider itself
/// keeps nothing of it.
public protocol StorageProvider: Sendable {
    /// What messages call it.
    var name: String { get }

    /// Whether the location is one of this provider's, which its scheme tells.
    func opens(_ location: NotebookLocation) -> Bool

    /// Makes a store for one run of the notebook at a location. It looks at nothing yet.
    ///
    /// - Throws: An error if the location cannot be one of a notebook.
    func store(at location: NotebookLocation) throws -> any NotebookStore

    /// Returns the locations of the notebooks in a folder, and in the folders within it, sorted.
    ///
    /// - Throws: An error if the folder cannot be listed.
    func notebooks(in folder: NotebookLocation) async throws -> [NotebookLocation]

    /// Makes the folder of a location where a result is to go.
    ///
    /// - Throws: An error if the folder is not there and cannot be made.
    func makeFolder(of location: NotebookLocation) async throws

    /// Returns what tells places apart: the same for each way to write the location of a place, before and after there is
    /// something.
    func identity(of location: NotebookLocation) -> String

    /// Whether what is written to one location is read from the other.
    func isSame(_ one: NotebookLocation, _ other: NotebookLocation) -> Bool
}

extension StorageProvider {
    /// Does nothing: many stores know no folders.
    public func makeFolder(of location: NotebookLocation) async throws {}

    /// The text of the location: each place has one location.
    public func identity(of location: NotebookLocation) -> String { location.text }

    /// Whether both have one identity.
    public func isSame(_ one: NotebookLocation, _ other: NotebookLocation) -> Bool {
        identity(of: one).utf8.elementsEqual(identity(of: other).utf8)
    }
}

/// An error of a place where notebooks are kept. A batch runs the notebook again after one that is transient.
///
/// The program ends with exit status 3 for it, as for every error that is no kernel's.
public protocol StorageFault: Error {
    /// Whether the next attempt may succeed.
    var isTransient: Bool { get }
}

/// Says that none of the storage providers opens a location.
public struct UnknownStorage: Error, Hashable, CustomStringConvertible {
    /// The location.
    public let location: NotebookLocation

    /// Names the location.
    public init(location: NotebookLocation) { self.location = location }

    /// What failed, and what to do.
    public var description: String {
        "\(location): no storage is known for \(location.scheme.map { "\($0)://" } ?? "it"). "
            + "If it is a file of this machine, write ./\(location)"
    }
}

extension [any StorageProvider] {
    /// The first that opens a location.
    package func provider(of location: NotebookLocation) throws(UnknownStorage) -> any StorageProvider {
        guard let provider = first(where: { $0.opens(location) }) else { throw UnknownStorage(location: location) }
        return provider
    }
}
