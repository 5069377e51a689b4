import Glibc

extension KernelSpec {
    /// Finds the program that the kernel is; nil where it does not exist.
    package func program(environment: [String: String] = currentEnvironment()) -> String? {
        let launch = try? ProcessLaunch(self, connectionFile: "", options: KernelOptions(environment: environment))
        return launch?.program
    }
}

/// What is started for a kernel: the program, its arguments and its environment.
struct ProcessLaunch: Sendable {
    var program: String
    var arguments: [String]
    var environment: [String: String]

    /// Starts a program as it is.
    init(_ program: String, _ arguments: [String], environment: [String: String]) {
        self.program = program
        self.arguments = [program] + arguments
        self.environment = environment
    }

    init(_ spec: KernelSpec, connectionFile: String, options: KernelOptions) throws(KernelError) {
        environment = Self.environment(of: spec, options.environment)
        var arguments = spec.arguments.map { argument in
            Self.filled(
                argument,
                [
                    "connection_file": connectionFile, "resource_dir": spec.folder,
                    "prefix": spec.home?.path ?? FileSystem.parent(FileSystem.parent(spec.folder)),
                ])
        }
        if KernelQuirks(of: spec).sharesHistoryFile { arguments.append("--HistoryManager.hist_file=:memory:") }
        arguments += options.extraArguments
        let name = arguments[0]
        program = try Self.program(name, of: spec, path: environment["PATH"] ?? Self.usualPath)
        arguments[0] = program
        // Conda lets packages set variables by scripts, which only a shell can run. It hands over to the kernel.
        if let home = spec.home, home.condaName != nil {
            let scripts = home.path + "/etc/conda/activate.d"
            if FileSystem.names(in: scripts).contains(where: { $0.hasSuffix(".sh") }) {
                let shell = FileSystem.program("bash", path: "/bin:/usr/bin") ?? "/bin/sh"
                arguments = [shell, "-c", #"for f in "$0"/*.sh; do . "$f"; done; exec "$@""#, scripts] + arguments
                program = shell
            }
        }
        self.arguments = arguments
        if let name = environment.keys.first(where: { $0.isEmpty || $0.contains("=") }) {
            throw .notStarted(kernel: spec.name, reason: "a variable cannot be called '\(name)'")
        }
        if let folder = options.workingDirectory, folder.utf8.contains(0) {
            throw .noWorkingFolder(
                folder.replacing("\0", with: "\\0"), reason: unsafe String(cString: strerror(EINVAL)))
        }
        let variables = environment.map { "\($0.key)=\($0.value)" }
        if let bad = (arguments + variables).first(where: { $0.utf8.contains(0) }) {
            let name = bad.prefix { $0 != "=" && $0 != "\0" }
            throw .notStarted(kernel: spec.name, reason: "'\(name)' holds a NUL, which no program can be given")
        }
    }

    /// Where a shell looks that was told nothing.
    private static let usualPath = "/usr/local/bin:/usr/bin:/bin"

    private static func program(_ name: String, of spec: KernelSpec, path: String) throws(KernelError) -> String {
        let found: String?
        if name.contains("/") {
            found = FileSystem.isExecutable(name) ? name : nil
        } else if isPython(name), let interpreter = spec.home?.interpreter(name) {
            // What a kernel.json calls "python" is the Python that it was installed with, and not the first on the path.
            found = interpreter
        } else {
            found =
                FileSystem.program(name, path: path) ?? spec.home.flatMap {
                    FileSystem.program(name, path: $0.path + "/bin")
                }
                ?? (name == "python" ? FileSystem.program("python3", path: path) : nil)
        }
        guard let found else {
            if name.contains("/"), FileSystem.isAccessDenied(name) { throw .outOfReach(name, account: Account.caller) }
            throw .noProgram(name, kernel: spec.name)
        }
        return found
    }

    /// Whether a program's name is `python`, `python3` or `python3.N`.
    private static func isPython(_ name: String) -> Bool {
        name.wholeMatch(of: /python(3(\.\d+)?)?/) != nil
    }

    private static func environment(of spec: KernelSpec, _ base: [String: String]) -> [String: String] {
        var environment = base.withLocale
        if let home = spec.home, let name = home.condaName {
            // What `conda activate` sets.
            environment["CONDA_PREFIX"] = home.path
            environment["CONDA_DEFAULT_ENV"] = name
            environment["CONDA_SHLVL"] = "1"
            environment["PATH"] = "\(home.path)/bin:" + (base["PATH"] ?? usualPath)
            for (key, value) in CondaVariables.read(home.path) { environment[key] = value }
        } else if let home = spec.home, FileSystem.isFile(home.path + "/pyvenv.cfg") {
            environment["VIRTUAL_ENV"] = home.path
            environment["PATH"] = "\(home.path)/bin:" + (base["PATH"] ?? usualPath)
        }
        for (key, value) in spec.environment { environment[key] = expanded(value, base) }
        return environment
    }

    /// Fills in the places in braces that are known and leaves all others.
    private static func filled(_ argument: String, _ values: [String: String]) -> String {
        argument.replacing(/\{(\w+)\}/) { match in values[String(match.1)] ?? String(match.0) }
    }

    /// Replaces `${NAME}` and `$NAME` by the variable where there is one, and `$$` by a dollar.
    private static func expanded(_ value: String, _ variables: [String: String]) -> String {
        value.replacing(/\$(?:\$|\{(\w+)\}|(\w+))/) { match in
            guard let name = match.1 ?? match.2 else { return "$" }
            return variables[String(name)] ?? String(match.0)
        }
    }
}
