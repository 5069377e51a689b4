import Galley
import GalleyLocalKernels
import GalleyNotebook
import GalleyStorage
import GalleySupervisor

/// The files of one notebook's run. The supervisor writes some of them. A file may be read only if it is the one that
/// root has seen.
struct TaskStorage: StorageProvider {
    let name = "this machine"
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
        accepted: @escaping @Sendable () -> [Int: Cell]?
    ) {
        (self.task, self.files, isUserRun, self.accepted) = (task, files, arguments.isUserRun, accepted)
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

    func store(at location: NotebookLocation) -> any NotebookStore {
        let isSource = location == NotebookLocation(task.path)
        if isSource, isUserRun, let refused = RefusedNotebook(task) { return refused }
        if location == .standardStreams { return result(StandardStreams()) }
        guard isSource else { return result(files.notebook(location.text, reading: .none)) }
        guard isInPlace else { return LocalFile(task.path, reading: restrictions) }
        let store = files.notebook(task.path, reading: restrictions)
        return updates ? UpdatedNotebook(store) { [accepted] in accepted() ?? [:] } : result(store)
    }

    /// Returns the store of the result, which may be converted.
    private func result(_ store: any NotebookStore) -> any NotebookStore {
        guard let nbconvert else { return store }
        let notebook = task.path == "-" ? nil : task.path
        return ConvertedResult(store, nbconvert.format, nbconvert.optionsAfterRun, of: notebook, files)
    }

    func notebooks(in folder: NotebookLocation) throws -> [NotebookLocation] { try local.notebooks(in: folder) }

    func identity(of location: NotebookLocation) -> String { local.identity(of: location) }

    func isSame(_ one: NotebookLocation, _ other: NotebookLocation) -> Bool { local.isSame(one, other) }
}
