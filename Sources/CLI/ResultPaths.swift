import GalleyFlags
import Galley
import GalleyExecution
import GalleyExport
import Glibc
import GalleyLocalKernels
import GalleyParameters
import GalleyStorage
import GalleySupervisor

extension ExecuteArguments {
    /// Refuses several runs of a notebook without a result for each.
    func checkMatrix() throws(UsageError) {
        guard tasks.contains(where: { !$0.parameters.isEmpty }) else { return }
        let flag = matrix.isGiven ? matrix.flag : "--last-failed"
        let names = tasks.first?.parameters.names.map { "-{\($0)}" }.joined() ?? ""
        let remedy = "use --output-dir, or a name with the parameters: --output 'out/{name}\(names).ipynb'"
        switch result {
        case .inPlace:
            throw UsageError(
                "\(flag): the results of several runs cannot all replace the notebook; leave --inplace out, or \(remedy)"
            )
        case .standardOutput where tasks.count > 1:
            throw UsageError("\(flag): several results cannot be written to standard output; \(remedy)")
        case .file(let name) where tasks.count > 1:
            throw UsageError("\(flag): --output \(name) is one file for several runs; \(remedy)")
        default: break
        }
        if tasks.count > 1, readsStandardInput {
            throw UsageError("\(flag): standard input can be read only once; save the notebook, and name the file")
        }
    }

    /// Refuses a result that would replace a notebook or another result.
    mutating func checkResultPaths() throws(UsageError) {
        // The result of an earlier run is skipped if its notebook is named too.
        if result == .beside, tasks.count > 1 {
            let results = Set(tasks.compactMap { resultPath(of: $0).map { PathKey($0) } })
            tasks.removeAll { results.contains(PathKey($0.path)) }
        }
        let notebooks = Set(tasks.map { PathKey($0.path) })
        var results: [PathKey: NotebookTask] = [:]
        for task in tasks {
            guard let path = resultPath(of: task) else { continue }
            if case .folder = result, !isSingle, path.isSamePath(as: task.path) || isSame(path, task.path) {
                throw UsageError(
                    "--output-dir: the result of \(path) would replace it; use another folder, or --inplace")
            }
            if task.parameters.isEmpty, path.isSamePath(as: task.path) { continue }
            if let other = results.updateValue(task, forKey: PathKey(path)) {
                let remedy =
                    other.path.isSamePath(as: task.path) ? addition(telling: task, from: other) : "use --output-dir"
                throw UsageError(
                    "the result of \(task.title) would be \(path), which is also the result of \(other.title); \(remedy)"
                )
            }
            if notebooks.contains(PathKey(path)) || !task.parameters.isEmpty && isSame(path, task.path) {
                throw UsageError(
                    "the result of \(task.title) would be \(path), which is also a notebook of this run; use --output-dir"
                )
            }
        }
    }

    /// Returns what to change in `--output` so that two runs of a notebook have different results.
    private func addition(telling task: NotebookTask, from other: NotebookTask) -> String {
        let template = result.output.flatMap { try? ResultTemplate($0) }
        let missing = task.parameters.members.filter {
            other.parameters[$0.name] != $0.value && template?.names.contains($0.name) == false
        }
        guard let name = missing.first?.name else {
            return "their values are equal in names of files; change one of them"
        }
        return "add {\(name)} to --output"
    }

    /// Returns whether two paths lead to one file, as far as root may look them up.
    private func isSame(_ one: String, _ other: String) -> Bool {
        if NotebookLocation(one).isRemote || NotebookLocation(other).isRemote { return one.isSamePath(as: other) }
        guard assignsUsers else { return LocalFile.isSame(one, other) }
        return PathWalk.identity(of: one).map { $0 == PathWalk.identity(of: other) } ?? false
    }

    /// Refuses a log, report or status file that is also a notebook or another such file.
    func checkOutputFiles() throws(UsageError) {
        var others = tasks.flatMap { task in
            [("the notebook", task.path)] + (resultPath(of: task).map { [("the result", $0)] } ?? [])
        }
        let files =
            [("--status", background.status), ("--log", background.log), ("--events", events)]
            + batch.reports.map { ($0.kind.rawValue, $0.path) }
            + papermill.streamFiles.map { ($0.option, $0.path) }
        for (option, path) in files {
            if let path, path.hasSuffix(".ipynb"), !["--status", "--log", "--events"].contains(option) {
                throw UsageError("\(option) \(path): a report would replace a notebook (.ipynb); name another file")
            }
            // Several outputs can share a path that is not a regular file, such as /dev/null.
            let isRemote = path.map { NotebookLocation($0).isRemote } ?? false
            guard let path, path != "-", isRemote || [nil, .file].contains(LocalFile.kind(of: path)) else { continue }
            let parts = RunPaths.pathComponents(of: path)
            if let other = others.first(where: {
                RunPaths.pathComponents(of: $0.1) == parts || !isRemote && LocalFile.isSame($0.1, path)
            }) {
                throw UsageError("\(option) \(path): the file is also \(other.0); name another file")
            }
            others.append(("the file of \(option)", path))
        }
        let documents = batch.reports.filter { $0.path == "-" }.count + (result == .standardOutput ? 1 : 0)
        if documents > 1 {
            throw UsageError("several documents would go to standard output; write all but one to files")
        }
    }
}

extension ExecuteArguments {
    /// Refuses parameters where they have no effect or change what is stored.
    func checkParameters() throws(UsageError) {
        guard !parameters.isEmpty else { return }
        if dialect == .nbconvert, !nbconvert.executes {
            throw UsageError("parameters are set when a notebook runs; add --execute")
        }
        if dialect == .check, check.updates {
            throw UsageError("--update stores the outputs of the notebook's own values; leave the parameters out")
        }
    }

    /// Returns the path of a notebook's result; nil for standard output and for the notebook itself.
    func resultPath(of task: NotebookTask) -> String? {
        let location = location(ofResultOf: task)
        return location == .standardStreams ? nil : location?.text
    }

    /// Returns the location of a notebook's result; nil if the result replaces the notebook or is not written.
    func location(ofResultOf task: NotebookTask) -> NotebookLocation? {
        let mark = dialect != .nbconvert ? ".executed" : nbconvert.format == .notebook ? ".nbconvert" : ""
        let place = task.result ?? result
        let location = place.location(
            of: NotebookLocation(task.path), mark: mark + task.suffix,
            as: isSingle || task.relativePath.isEmpty ? nil : task.pathOfResult)
        let isNamed = if case .file = place { true } else { false }
        guard dialect == .nbconvert, let location, location != .standardStreams else { return location }
        return nbconvert.location(location, of: task, isNamed: isNamed)
    }

    /// Returns the path of the executed notebook; nil for standard output.
    func outputPath(of task: NotebookTask) -> String? { result == .inPlace ? task.path : resultPath(of: task) }

    /// Whether standard input is the notebook.
    var readsStandardInput: Bool { tasks.contains { $0.path == "-" } }

    /// The path of the only notebook, or the folder of several.
    var title: String {
        if let path = tasks.first?.path,
            isSingle || tasks.allSatisfy({ $0.path.isSamePath(as: path) && !$0.parameters.isEmpty })
        {
            return NotebookLocation(path).shown
        }
        let folders = Set(tasks.map { LocalFile.folder(of: $0.path) ?? "." })
        return folders.count == 1 ? folders.first ?? "." : "."
    }
}
