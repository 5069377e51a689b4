import Glibc

extension KernelSpec {
    /// Finds the kernel's program; nil if it does not exist.
    package func program(environment: [String: String] = currentEnvironment()) -> String? {
        let launch = try? ProcessLaunch(self, connectionFile: "", options: KernelOptions(environment: environment))
        return launch?.program
    }
}

/// The program, arguments and environment variables with which a process starts.
struct ProcessLaunch: Sendable {
    var program: String
    var arguments: [String]
    var environment: [String: String]

    /// Creates a launch of a program without changes.
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
        // Conda packages can set variables with scripts, which only a shell can run. The shell then replaces itself
        // with the kernel.
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
            throw .notStarted(kernel: spec.name, reason: "'\(name)' is not a valid name for an environment variable")
        }
        if let folder = options.workingDirectory, folder.utf8.contains(0) {
            throw .noWorkingFolder(
                folder.replacing("\0", with: "\\0"), reason: unsafe String(cString: strerror(EINVAL)))
        }
        let variables = environment.map { "\($0.key)=\($0.value)" }
        if let bad = (arguments + variables).first(where: { $0.utf8.contains(0) }) {
            let name = bad.prefix { $0 != "=" && $0 != "\0" }
            throw .notStarted(
                kernel: spec.name,
                reason: "'\(name)' contains a NUL character, which arguments and variables cannot contain")
        }
    }

    /// The search path of a shell without `PATH`.
    private static let usualPath = "/usr/local/bin:/usr/bin:/bin"

    private static func program(_ name: String, of spec: KernelSpec, path: String) throws(KernelError) -> String {
        let found: String?
        if name.contains("/") {
            found = FileSystem.isExecutable(name) ? name : nil
        } else if isPython(name), let interpreter = spec.home?.interpreter(name) {
            // In a kernel.json, "python" is the Python that it was installed with, not the first on the search path.
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
            // The variables that `conda activate` sets.
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

    /// Fills in the known placeholders in braces and leaves all others.
    private static func filled(_ argument: String, _ values: [String: String]) -> String {
        argument.replacing(/\{(\w+)\}/) { match in values[String(match.1)] ?? String(match.0) }
    }

    /// Replaces `${NAME}` and `$NAME` with the variable if it is set, and `$$` with a dollar sign.
    private static func expanded(_ value: String, _ variables: [String: String]) -> String {
        value.replacing(/\$(?:\$|\{(\w+)\}|(\w+))/) { match in
            guard let name = match.1 ?? match.2 else { return "$" }
            return variables[String(name)] ?? String(match.0)
        }
    }
}
