import GalleyExecution
import GalleyParameters
import GalleyStorage

/// The stores that a run reads its notebook from and saves its result to.
struct RunStores: Sendable {
    let source: any NotebookStore
    /// The store of the result; nil if the result replaces the notebook in `source`.
    let destination: (any NotebookStore)?
    /// The location of the result and its provider, if the settings name one.
    private(set) var result: (location: NotebookLocation, provider: any StorageProvider)?

    /// The store that the run writes to.
    var target: any NotebookStore { destination ?? source }

    /// Opens the stores of the notebook at a location.
    ///
    /// - Parameter names: The names in a template of the result, if an earlier attempt has used them.
    init(_ location: NotebookLocation, _ options: Options, names: ResultNames? = nil) throws {
        source = try options.storage.provider(of: location).store(at: location)
        (destination, result) = try Self.destination(of: location, options, names)
    }

    /// Uses stores that the caller has made.
    ///
    /// With the setting ``ResultPlace/beside``, the result goes to `destination`, or back to the source if there is
    /// none, because a store has no location to put a file beside.
    init(_ source: any NotebookStore, to destination: (any NotebookStore)?, _ options: Options) throws {
        self.source = source
        if destination == nil, options.result != .beside {
            (self.destination, result) = try Self.destination(of: NotebookLocation(source.name), options, nil)
        } else {
            self.destination = destination
        }
    }

    /// A key that is equal for results at the same place; nil if the settings do not name the place.
    var resultIdentity: PathKey? { result.map { PathKey($0.provider.identity(of: $0.location)) } }

    /// Creates the folder for results, if the settings name one.
    func makeFolder(_ settings: RunSettings) async throws {
        switch settings.result {
        case .folder, .template: break
        default: return
        }
        guard let result else { return }
        try await result.provider.makeFolder(of: result.location)
    }

    private typealias Result = (location: NotebookLocation, provider: any StorageProvider)

    private static func destination(
        of source: NotebookLocation, _ options: Options, _ names: ResultNames?
    ) throws -> ((any NotebookStore)?, Result?) {
        if options.result == .nowhere { return (DiscardingStore(), nil) }
        let place = try options.result.resolved(names ?? ResultNames(of: source, options.parameters.values))
        guard let location = place.location(of: source) else { return (nil, nil) }
        let provider = try options.storage.provider(of: location)
        // Two names can refer to the same place.
        if provider.opens(source), provider.isSame(source, location) { return (nil, nil) }
        return (try provider.store(at: location), (location, provider))
    }
}

extension ResultNames {
    /// Creates the names of a run of the notebook at a location.
    package init(of location: NotebookLocation, _ parameters: ParameterMap) {
        self.init(notebook: location.stem, parameters)
    }
}

extension NotebookLocation {
    /// The name of a notebook without `.ipynb`; `notebook` for standard input.
    var stem: String {
        if self == .standardStreams || name.isEmpty { return "notebook" }
        return name.hasSuffix(".ipynb") ? String(name.dropLast(6)) : name
    }
}

extension ResultPlace {
    /// The place with the location of its template.
    package func resolved(_ names: @autoclosure () -> ResultNames) throws(ResultTemplateError) -> ResultPlace {
        guard case .template(let text) = self else { return self }
        return .file(try ResultTemplate(text).location(names()))
    }

    /// Returns the location of a notebook's result; nil if the result replaces the notebook, or is discarded.
    ///
    /// - Parameters:
    ///   - mark: The text to insert before `.ipynb` in the name of a result beside the notebook.
    ///   - name: The path within a folder of results; nil for the notebook's own name.
    package func location(
        of notebook: NotebookLocation, mark: String = ".executed", as name: String? = nil
    ) -> NotebookLocation? {
        switch self {
        case .inPlace, .nowhere: return nil
        case .beside:
            return notebook == .standardStreams ? notebook : notebook.sibling(named: notebook.stem + mark + ".ipynb")
        // A run replaces its template first, with `resolved(_:)`.
        case .file(let file), .template(let file): return NotebookLocation(file)
        case .folder(let folder):
            let own = notebook == .standardStreams || notebook.name.isEmpty ? "notebook.ipynb" : notebook.name
            return NotebookLocation(folder).appending(name ?? own)
        @unknown default: return nil
        }
    }
}
