import Galley
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage
import GalleySupervisor

/// The places of one notebook's run: files of this machine, of which the supervisor writes some, and those of servers
/// and stores. A file may be read only if it is the one that root has seen.
struct TaskStorage: StorageProvider {
    let name = "this machine"
    /// The providers of locations that are not local.
    private let remote: [any StorageProvider]
    private let task: NotebookTask
    private let files: any RunFileWriter
    private let restrictions: LocalFile.ReadRestrictions
    private let isUserRun: Bool
    private let isInPlace: Bool
    private let nbconvert: NbconvertOptions?
    private let updates: Bool
    private let accepted: @Sendable () -> [Int: Cell]?
    private let local = LocalStorage()

    /// - Parameter accepted: Returns the cells to write, by their indices, if a check updates the notebook.
    init(
        _ task: NotebookTask, _ arguments: ExecuteArguments, _ files: any RunFileWriter,
        remote: [any StorageProvider],
        accepted: @escaping @Sendable () -> [Int: Cell]?
    ) {
        (self.task, self.files, isUserRun, self.accepted) = (task, files, arguments.isUserRun, accepted)
        self.remote = remote
        isInPlace = arguments.result == .inPlace
        nbconvert = arguments.dialect == .nbconvert && arguments.nbconvert.converts ? arguments.nbconvert : nil
        updates = arguments.check.updates
        var restrictions = LocalFile.ReadRestrictions(only: task.only)
        if let login = arguments.localKernels.loginEnvironment {
            restrictions.owners = [0, login.account.id]
            if case .user(let owner, _) = task.owner { restrictions.owners?.insert(owner.user) }
        }
        self.restrictions = restrictions
    }

    func opens(_ location: NotebookLocation) -> Bool { true }

    func store(at location: NotebookLocation) throws -> any NotebookStore {
        let isSource = location == NotebookLocation(task.path)
        if let provider = provider(of: location) {
            let store = try provider.store(at: location)
            guard !isSource || isInPlace else { return store }
            return updates ? updated(store) : result(store, with: provider as? any FileStorage)
        }
        if isSource, isUserRun, let refused = RefusedNotebook(task) { return refused }
        if location == .standardStreams { return result(StandardStreams()) }
        guard isSource else { return result(files.notebook(location.text, reading: .none)) }
        guard isInPlace else { return LocalFile(task.path, reading: restrictions) }
        let store = files.notebook(task.path, reading: restrictions)
        return updates ? updated(store) : result(store)
    }

    /// Returns the provider of a location that is not local; nil for a local one.
    private func provider(of location: NotebookLocation) -> (any StorageProvider)? {
        location.isRemote ? remote.first { $0.opens(location) } : nil
    }

    /// Returns the store of a notebook whose accepted cells alone are written.
    private func updated(_ store: any NotebookStore) -> any NotebookStore {
        UpdatedNotebook(store) { [accepted] in accepted() ?? [:] }
    }

    /// Returns the store of the result, which may be converted.
    ///
    /// - Parameter attachments: The provider of the files beside it; nil if they are local.
    private func result(
        _ store: any NotebookStore, with attachments: (any FileStorage)? = nil
    ) -> any NotebookStore {
        guard let nbconvert else { return store }
        let notebook = task.path == "-" ? nil : task.path
        return ConvertedResult(
            store, nbconvert.format, nbconvert.optionsAfterRun, of: notebook, files, attachments: attachments)
    }

    func notebooks(in folder: NotebookLocation) async throws -> [NotebookLocation] {
        try await provider(of: folder)?.notebooks(in: folder) ?? local.notebooks(in: folder)
    }

    func makeFolder(of location: NotebookLocation) async throws {
        try await provider(of: location)?.makeFolder(of: location)
    }

    func identity(of location: NotebookLocation) -> String {
        provider(of: location)?.identity(of: location) ?? local.identity(of: location)
    }

    func isSame(_ one: NotebookLocation, _ other: NotebookLocation) -> Bool {
        guard let provider = provider(of: one) else {
            return provider(of: other) == nil && local.isSame(one, other)
        }
        return provider.opens(other) && provider.isSame(one, other)
    }
}
