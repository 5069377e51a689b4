package import GalleyJSON

/// A kernel that could be started: what its `kernel.json` says, and where that was found.
package struct KernelSpec: Sendable {
    /// What notebooks call it.
    package var name: String
    /// What people call it.
    package var displayName: String
    /// The language that it runs.
    package var language: String
    /// The program and its arguments, with places for what is known only when it is started.
    package var arguments: [String]
    /// Variables that it wants in its environment, with references to others.
    package var environment: [String: String]
    /// How it wants to be interrupted.
    package var interruptMode: InterruptMode
    /// What else the file says of it.
    package var metadata: Value
    /// The folder of its `kernel.json`, or the environment that it is part of.
    package var folder: String
    /// The Python or Conda environment that it belongs to, and what belongs to that.
    package var home: EnvironmentFolder?

    /// The ways of interrupting a kernel.
    package enum InterruptMode: String, Sendable {
        case signal, message
    }

    /// Makes a kernel of its parts.
    package init(
        name: String, displayName: String, language: String, arguments: [String], environment: [String: String] = [:],
        interruptMode: InterruptMode = .signal, metadata: Value = [:], folder: String
    ) {
        self.name = name
        self.displayName = displayName
        self.language = language
        self.arguments = arguments
        self.environment = environment
        self.interruptMode = interruptMode
        self.metadata = metadata
        self.folder = folder
    }

    /// Reads the `kernel.json` in a folder.
    init(name: String, folder: String) throws(SpecProblem) {
        guard let bytes = FileSystem.read("\(folder)/kernel.json") else { throw .unreadable }
        let json: Value
        do throws(ParseError) {
            json = try Document(parsing: bytes).root
        } catch {
            throw .notJSON("\(error)")
        }
        let arguments = json["argv"]?.elements.compactMap(\.string) ?? []
        guard !arguments.isEmpty else { throw .noProgram }
        let environment = json["env"]?.members.compactMap { key, value in value.string.map { (key, $0) } } ?? []
        self.init(
            name: name, displayName: json["display_name"]?.string ?? name, language: json["language"]?.string ?? "",
            arguments: arguments, environment: Dictionary(environment) { $1 },
            interruptMode: json["interrupt_mode"]?.string.flatMap(InterruptMode.init) ?? .signal,
            metadata: json["metadata"] ?? [:], folder: folder)
    }
}

/// Why a `kernel.json` describes no kernel.
enum SpecProblem: Error {
    case unreadable, noProgram
    case notJSON(String)
}

/// The root of a Python or Conda environment, such as `/opt/conda/envs/science`.
package struct EnvironmentFolder: Hashable, Sendable {
    package var path: String
    /// The name, where it is one of Conda's.
    package var condaName: String?

    /// The interpreter that a `kernel.json` in this environment means by `python`.
    func interpreter(_ name: String = "python3") -> String? {
        [name, "python3", "python"].map { "\(path)/bin/\($0)" }.first(where: FileSystem.isExecutable)
    }
}
