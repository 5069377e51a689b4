import GalleyExecution
import GalleyStorage

/// Where a run reads its notebook and where its result goes.
struct RunStores: Sendable {
    let source: any NotebookStore
    /// Nil if the result goes where the notebook comes from.
    let destination: (any NotebookStore)?
    /// The location of the result and its provider, if the settings name one.
    private(set) var result: (location: NotebookLocation, provider: any StorageProvider)?

    /// The store that is written.
    var target: any NotebookStore { destination ?? source }

    /// Opens the stores of the notebook at a location.
    init(_ location: NotebookLocation, _ options: Options) throws {
        source = try options.storage.provider(of: location).store(at: location)
        (destination, result) = try Self.destination(of: location, options)
    }

    /// Takes stores that the caller has made. A notebook without a location has no place beside it: its result goes back to
    /// its store, unless the caller or the settings name another place.
    init(_ source: any NotebookStore, to destination: (any NotebookStore)?, _ options: Options) throws {
        self.source = source
        if destination == nil, options.result != .beside {
            (self.destination, result) = try Self.destination(of: NotebookLocation(source.name), options)
        } else {
            self.destination = destination
        }
    }

    /// What tells the place of the result apart from others; nil if the caller or the source says where it is.
    var resultIdentity: PathKey? { result.map { PathKey($0.provider.identity(of: $0.location)) } }

    /// Makes the folder of results that the settings name.
    func makeFolder(_ settings: RunSettings) async throws {
        guard case .folder = settings.result, let result else { return }
        try await result.provider.makeFolder(of: result.location)
    }

    private typealias Result = (location: NotebookLocation, provider: any StorageProvider)

    private static func destination(
        of source: NotebookLocation, _ options: Options
    ) throws -> ((any NotebookStore)?, Result?) {
        if options.result == .nowhere { return (DiscardingStore(), nil) }
        guard let location = options.result.location(of: source) else { return (nil, nil) }
        let provider = try options.storage.provider(of: location)
        // By another name it is the same place still.
        if provider.opens(source), provider.isSame(source, location) { return (nil, nil) }
        return (try provider.store(at: location), (location, provider))
    }
}

extension ResultPlace {
    /// The location of the result of a notebook; nil if that is the notebook's own, or if the result is not kept.
    ///
    /// - Parameters:
    ///   - mark: What a name beside the notebook gets before its ending.
    ///   - name: The path within a folder of results; nil for the notebook's own name.
    package func location(
        of notebook: NotebookLocation, mark: String = ".executed", as name: String? = nil
    ) -> NotebookLocation? {
        let own = notebook == .standardStreams || notebook.name.isEmpty ? "notebook.ipynb" : notebook.name
        let stem = own.hasSuffix(".ipynb") ? String(own.dropLast(6)) : own
        switch self {
        case .inPlace, .nowhere: return nil
        case .beside:
            return notebook == .standardStreams ? notebook : notebook.sibling(named: stem + mark + ".ipynb")
        case .file(let file): return NotebookLocation(file.replacing("{notebook_name}", with: stem))
        case .folder(let folder): return NotebookLocation(folder).appending(name ?? own)
        @unknown default: return nil
        }
    }
}
