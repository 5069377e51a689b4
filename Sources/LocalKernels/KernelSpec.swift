package import GalleyJSON

/// An installed kernel: the contents of its `kernel.json` and the folder of the file.
package struct KernelSpec: Sendable {
    /// The name in notebooks.
    package var name: String
    /// The name to display.
    package var displayName: String
    /// The kernel's programming language.
    package var language: String
    /// The program and its arguments, with placeholders such as `{connection_file}`.
    package var arguments: [String]
    /// Variables to add to the environment. Values can refer to other variables.
    package var environment: [String: String]
    /// The way to interrupt the kernel.
    package var interruptMode: InterruptMode
    /// The `metadata` of the file.
    package var metadata: Value
    /// The folder of `kernel.json`, or the environment that the kernel is part of.
    package var folder: String
    /// The Python or Conda environment that the kernel belongs to.
    package var home: EnvironmentFolder?

    /// The ways of interrupting a kernel.
    package enum InterruptMode: String, Sendable {
        case signal, message
    }

    /// Creates a kernel spec.
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

/// The reasons why a `kernel.json` is not valid.
enum SpecProblem: Error {
    case unreadable, noProgram
    case notJSON(String)
}

/// The root of a Python or Conda environment, such as `/opt/conda/envs/science`.
package struct EnvironmentFolder: Hashable, Sendable {
    package var path: String
    /// The name, if it is a Conda environment.
    package var condaName: String?

    /// Returns the interpreter for which `python` stands in a `kernel.json` of this environment.
    func interpreter(_ name: String = "python3") -> String? {
        [name, "python3", "python"].map { "\(path)/bin/\($0)" }.first(where: FileSystem.isExecutable)
    }
}
