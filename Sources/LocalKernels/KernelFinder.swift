/// Finds the kernels of this machine in Jupyter's folders and in Conda environments.
package struct KernelFinder: Sendable {
    /// The variables that determine the folders.
    private let environment: [String: String]
    /// The home folders to search: the user's own, and that of the notebook's owner.
    private let homes: [String]

    /// Creates a finder for the folders that a program with this environment would search.
    ///
    /// - Parameter ownerHome: The home folder of another user whose environments are searched too.
    package init(environment: [String: String] = currentEnvironment(), ownerHome: String? = nil) {
        self.environment = environment
        homes = [environment["HOME"], ownerHome].compactMap(\.self).filter { !$0.isEmpty }.unique
    }

    /// The folders that contain a subfolder with a `kernel.json` for each kernel, in order of precedence.
    package var folders: [String] {
        let system = ["/usr/local/share/jupyter", "/usr/share/jupyter"]
        let user = variable("JUPYTER_DATA_DIR").map { [$0] } ?? userFolders
        let active = activeEnvironments.map { $0 + "/share/jupyter" }
        // The prefix of the system's own Python is not an environment that the user chose.
        let onPath = environmentsOnPath.map { $0 + "/share/jupyter" }.filter { !system.contains($0) }
        let data =
            (variable("JUPYTER_PATH")?.split(separator: ":").map(String.init) ?? [])
            + (prefersEnvironment ? active + user : user + active) + onPath + system
        return (data.map { $0 + "/kernels" } + homes.map { $0 + "/.ipython/kernels" }).unique
    }

    /// Returns the value of a variable; nil if it is empty.
    private func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    private var userFolders: [String] {
        let own = variable("XDG_DATA_HOME").map { [$0 + "/jupyter"] }
        return (own ?? []) + (own == nil ? homes : Array(homes.dropFirst())).map { $0 + "/.local/share/jupyter" }
    }

    private var activeEnvironments: [String] { ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap(variable).unique }

    /// The environments of the programs on the search path.
    private var environmentsOnPath: [String] {
        ["jupyter", "python3"].compactMap { FileSystem.program($0, path: environment["PATH"] ?? "") }
            .map { FileSystem.parent(FileSystem.parent($0)) }
    }

    /// Whether the kernels of an environment precede the user's, as they do when an environment is active.
    private var prefersEnvironment: Bool {
        if let wish = variable("JUPYTER_PREFER_ENV_PATH") {
            return !["no", "n", "false", "off", "0", "0.0"].contains(wish.lowercased())
        }
        if variable("VIRTUAL_ENV") != nil { return true }
        return variable("CONDA_PREFIX") != nil && (variable("CONDA_DEFAULT_ENV") ?? "base") != "base"
    }

    /// Returns all kernels, each name once: first those with a `kernel.json`, then those of environments without one.
    package func all() -> [KernelSpec] {
        var specs: [KernelSpec] = []
        var names: Set<String> = []
        let conda = condaEnvironments
        func add(_ spec: KernelSpec) { if names.insert(spec.name).inserted { specs.append(spec) } }
        for folder in folders {
            for name in FileSystem.names(in: folder) {
                if let spec = try? spec(name.lowercased(), in: "\(folder)/\(name)", conda) { add(spec) }
            }
        }
        for environment in conda { for spec in environment.kernels { add(spec) } }
        if let spec = activePython(called: "python3", conda) { add(spec) }
        return specs
    }

    /// Returns the kernel of the active environment's Python.
    private func activePython(called name: String, _ conda: [CondaEnvironment]) -> KernelSpec? {
        for path in activeEnvironments {
            let folder = conda.map(\.folder).first { $0.path == path } ?? EnvironmentFolder(path: path)
            let environment = PythonEnvironment(folder: folder)
            if environment.hasKernel { return environment.kernel(called: name, displayName: "Python") }
        }
        return nil
    }

    /// Finds a kernel by the name that a notebook or a user gives.
    ///
    /// The name can be that of a folder with a `kernel.json`, a name that notebooks use for a Conda environment
    /// (`conda_NAME`, `conda-env-NAME-py`), or the path of an environment or of its Python. If no kernel is registered
    /// under the name, the active environment is used for Python, or the Conda environment with this name.
    ///
    /// - Parameter mayBePath: Whether `name` can be a path. A notebook must not choose programs of this machine.
    package func find(_ name: String, mayBePath: Bool = true) throws(KernelError) -> KernelSpec {
        if mayBePath, name.contains("/") { return try environmentKernel(at: name) }
        let wanted = name == "python" ? "python3" : name.lowercased()
        let conda = condaEnvironments
        for folder in folders {
            for entry in FileSystem.names(in: folder) where entry.lowercased() == wanted {
                let place = "\(folder)/\(entry)"
                guard FileSystem.isFile(place + "/kernel.json") else { continue }
                do throws(SpecProblem) {
                    return try spec(wanted, in: place, conda)
                } catch {
                    throw .invalidSpec(path: place + "/kernel.json", reason: error.sentence)
                }
            }
        }
        for environment in conda {
            if let spec = environment.kernel(called: name) { return spec }
        }
        if wanted == "python3", let spec = activePython(called: name, conda) { return spec }
        for folder in conda.map(\.folder) where folder.condaName?.lowercased() == wanted {
            let environment = PythonEnvironment(folder: folder)
            if environment.hasKernel { return environment.kernel(called: name, displayName: "Python") }
        }
        // Without free file descriptors the search finds nothing.
        if let shortage = FileSystem.shortage { throw .notStarted(kernel: name, reason: shortage) }
        throw .notFound(name: name, available: all().map(\.name), searched: folders)
    }

    /// Finds the only kernel for a language; nil if there is none or more than one.
    package func onlyKernel(of language: String) -> KernelSpec? {
        let candidates = all().filter { $0.language.lowercased() == language.lowercased() }
        return candidates.count == 1 ? candidates.first : nil
    }

    private func spec(
        _ name: String, in folder: String, _ conda: [CondaEnvironment]
    ) throws(SpecProblem) -> KernelSpec {
        var spec = try KernelSpec(name: name, folder: folder)
        // <prefix>/share/jupyter/kernels/<name>
        let prefix = FileSystem.parent(FileSystem.parent(FileSystem.parent(FileSystem.parent(folder))))
        if folder.hasSuffix("/share/jupyter/kernels/\(FileSystem.base(folder))") {
            spec.home = conda.first { $0.folder.path == prefix }?.folder ?? EnvironmentFolder(path: prefix)
        }
        return spec
    }

    /// Returns the kernel of the Python environment at the path of its folder or of its Python.
    private func environmentKernel(at path: String) throws(KernelError) -> KernelSpec {
        let path = path.hasPrefix("~/") ? (homes.first ?? "") + path.dropFirst(1) : path
        if FileSystem.isAccessDenied(path) { throw .outOfReach(path, account: Account.caller) }
        let isProgram = FileSystem.isExecutable(path)
        let folder =
            isProgram
            ? FileSystem.parent(FileSystem.parent(path)) : path.hasSuffix("/") ? String(path.dropLast()) : path
        let environment = EnvironmentFolder(path: FileSystem.resolved(folder) ?? folder)
        guard let interpreter = isProgram ? path : environment.interpreter() else {
            throw .noEnvironment(path: path)
        }
        guard PythonEnvironment(folder: environment).hasKernel else {
            throw .noKernelInEnvironment(path: path, interpreter: interpreter)
        }
        return PythonEnvironment(folder: environment).kernel(
            called: "python3", displayName: "Python (\(FileSystem.base(folder)))")
    }

    /// The Conda environments in all folders where Conda creates them.
    private var condaEnvironments: [CondaEnvironment] {
        var roots = variable("CONDA_EXE").map { [FileSystem.parent(FileSystem.parent($0))] } ?? []
        // Conda lists all environments there, base environments too.
        let listed = homes.flatMap {
            FileSystem.text($0 + "/.conda/environments.txt")?.split(separator: "\n").map(String.init) ?? []
        }
        roots += listed.filter { FileSystem.isFolder($0 + "/condabin") }
        for home in homes { roots += ["anaconda3", "miniconda3", "miniforge3", "mambaforge"].map { "\(home)/\($0)" } }
        roots.append("/opt/conda")
        var found: [CondaEnvironment] = []
        func add(_ path: String, name: String) {
            guard FileSystem.isFolder(path + "/bin"), !found.contains(where: { $0.folder.path == path }) else { return }
            found.append(CondaEnvironment(folder: EnvironmentFolder(path: path, condaName: name)))
        }
        for root in roots.unique {
            add(root, name: "base")
            for name in FileSystem.names(in: root + "/envs") { add("\(root)/envs/\(name)", name: name) }
        }
        for home in homes {
            for name in FileSystem.names(in: home + "/.conda/envs") { add("\(home)/.conda/envs/\(name)", name: name) }
        }
        for path in listed { add(path, name: FileSystem.base(path)) }
        return found
    }
}

extension Array where Element: Hashable {
    /// The elements without duplicates, in the order of their first appearance.
    var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension SpecProblem {
    fileprivate var sentence: String {
        switch self {
        case .unreadable: "it cannot be read"
        case .noProgram: "'argv' names no program"
        case .notJSON(let error): "it is not JSON: \(error)"
        }
    }
}
