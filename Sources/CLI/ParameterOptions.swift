import Galley
import GalleyExecution
import GalleyFlags
import GalleyLocalKernels
import GalleyParameters
import GalleyStorage

/// The parameters on a command line, in papermill's words.
struct ParameterOptions: Sendable {
    private var sources: [Source] = []
    /// The environment variables that hold values, by parameter.
    private var variables: [(name: String, variable: String)] = []
    /// The parameters whose values must not be saved.
    private var secrets: Set<String> = []
    private var isStrict = false
    private var checksTypes = true

    /// Values of the command line, and the option that gives them.
    fileprivate struct Source: Sendable {
        let kind: Kind
        let text: String
        let option: String
    }

    /// The forms of values. One of a later form replaces one of an earlier form, as in papermill.
    fileprivate enum Kind: CaseIterable, Sendable {
        case base64
        case file
        case yaml
        /// A name and a word with the type that it looks like.
        case word
        /// A name and a text.
        case raw
    }

    /// Whether the values of an option are on standard input.
    var readsStandardInput: Bool {
        sources.contains { $0.kind == .file && OptionFile.isStandardInput($0.text) }
    }

    /// Whether the command line gives no parameters.
    var isEmpty: Bool { sources.isEmpty && variables.isEmpty }

    static let flags: [Flag<ExecuteArguments>] = [
        pair(
            ["-p", "--parameters", "--param"], example: "days=7", .word,
            "Set a parameter of the notebook: a number, True, False, None, or a text; also '-p days 7'"),
        pair(
            ["-r", "--parameters-raw", "--parameters_raw"], example: "code=007", .raw,
            "Set a parameter to a text, also if it looks like a number"),
        text(
            ["--params-file", "-f", "--parameters-file", "--parameters_file"], takes: "FILE",
            example: "nightly.yaml",
            .file, "Set the parameters of a YAML or JSON file"),
        yamlFlag(["-y", "--parameters-yaml", "--parameters_yaml"]),
        text(
            ["-b", "--parameters-base64", "--parameters_base64"], takes: "BASE64", example: "ZGF5czogNwo=", .base64,
            "Set the parameters of a YAML text in base64"),
        Flag(
            "--param-env", takes: "NAME=VARIABLE", example: "password=DB_PASSWORD", in: .parameters,
            "Set a parameter to the kernel's environment variable; its value is never saved"
        ) { arguments, value, name throws(UsageError) in
            arguments.parameters.variables.append(try FlagValueParser.variable(value, name))
        },
        Flag(
            "--secret", takes: "NAME", example: "password", in: .parameters,
            "Pass this parameter in the kernel's environment, so that its value is never saved"
        ) { arguments, value, _ in arguments.parameters.secrets.insert(value) },
        Flag("--strict-params", in: .parameters, "Refuse a parameter that the notebook does not declare") {
            $0.parameters.isStrict = true
        },
        Flag("--help-notebook", in: .parameters, "List the parameters of the notebook; see also 'galley inspect'") {
            $0.listsParameters = true
        },
        Flag("--prepare-only", in: .parameters, "Save the notebook with its parameters, and do not run it") {
            $0.options.preparesOnly = true
        },
        Flag("--no-type-check", in: .parameters, "Do not compare values with the types in the notebook") {
            $0.parameters.checksTypes = false
        },
    ]

    /// The flag that takes YAML, with these names.
    static func yamlFlag(_ names: [String]) -> Flag<ExecuteArguments> {
        text(names, takes: "YAML", example: "{days: 7}", .yaml, "Set the parameters of a YAML text")
    }

    private static func pair(
        _ names: [String], example: String, _ kind: Kind, _ summary: String
    ) -> Flag<ExecuteArguments> {
        Flag(names, takes: "NAME=VALUE", example: example, isPair: true, in: .parameters, summary) {
            arguments, value, name throws(UsageError) in
            _ = try FlagValueParser.variable(value, name)
            arguments.parameters.sources.append(Source(kind: kind, text: value, option: name))
        }
    }

    private static func text(
        _ names: [String], takes value: String, example: String, _ kind: Kind, _ summary: String
    ) -> Flag<ExecuteArguments> {
        Flag(names, takes: value, example: example, in: .parameters, summary) { arguments, value, name in
            arguments.parameters.sources.append(Source(kind: kind, text: value, option: name))
        }
    }
}

extension FlagCategory {
    /// The parameters of notebooks.
    static let parameters = FlagCategory("Parameters")
}

extension ParameterOptions {
    /// The files that are not on this machine, and the options that name them.
    var remoteFiles: [(option: String, location: String)] {
        sources.filter { $0.kind == .file && NotebookLocation($0.text).isRemote }.map { ($0.option, $0.text) }
    }

    /// Reads the values, and the files that hold some of them, into the settings of a run.
    ///
    /// - Parameter remote: The files that are not on this machine.
    func resolve(into options: inout Options, _ remote: RemoteInputs = RemoteInputs()) throws(UsageError) {
        var parameters = options.parameters
        (parameters.isStrict, parameters.checksTypes) = (isStrict, checksTypes)
        for kind in Kind.allCases {
            for source in sources where source.kind == kind {
                parameters.values.merge(try source.parameters(usesRootsRights: options.user == .caller, remote))
            }
        }
        for (name, variable) in variables {
            guard let value = options.environment[variable] ?? currentEnvironment()[variable] else {
                throw UsageError("--param-env \(name)=\(variable): the environment has no variable \(variable)")
            }
            // The kernel of another user does not inherit the variable.
            options.environment[variable] = value
            parameters.hide(name, in: variable)
        }
        for name in secrets.sorted() where parameters.secrets[name] == nil {
            guard let value = parameters.values[name] else {
                throw UsageError("--secret \(name): the parameter has no value; set it with -p, -f or -y")
            }
            guard case .string(let text) = value, !text.utf8.contains(0) else {
                throw UsageError("--secret \(name): only a text can be passed in the environment; use -r for a number")
            }
            var variable =
                "GALLEY_SECRET_" + name.utf8.map { Self.isPlain($0) ? String(UnicodeScalar($0)) : "_" }.joined()
            while options.environment[variable] != nil { variable += "_" }
            options.environment[variable] = text
            parameters.hide(name, in: variable)
        }
        options.parameters = parameters
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }
}

extension ParameterOptions.Source {
    /// Returns the values, in order.
    fileprivate func parameters(
        usesRootsRights: Bool, _ remote: RemoteInputs
    ) throws(UsageError) -> ParameterMap {
        switch kind {
        case .word, .raw:
            let (name, value) = try FlagValueParser.variable(text, option)
            var map = ParameterMap()
            map[name] = kind == .raw ? .string(value) : ParameterValue(word: value)
            return map
        case .file:
            let subject = "\(option) \(NotebookLocation(text).shown)"
            if let bytes = remote.contents[PathKey(text)] { return try map(of: bytes, in: subject) }
            return try map(
                of: try OptionFile.read(text, for: subject, usesRootsRights: usesRootsRights), in: subject)
        case .yaml: return try map(of: Array(text.utf8), in: option)
        case .base64:
            // Decoding skips what is not base64; here, nothing may be lost.
            guard let bytes = Base64.decode(text), Base64.encode(bytes) == text.filter({ !$0.isWhitespace }) else {
                throw UsageError("\(option): the value is not base64")
            }
            return try map(of: bytes, in: option)
        }
    }

    private func map(of bytes: [UInt8], in subject: String) throws(UsageError) -> ParameterMap {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UsageError("\(subject): the text is not UTF-8")
        }
        let value: ParameterValue
        do throws(ParameterError) { value = try ParameterValue(yaml: text) } catch {
            throw UsageError("\(subject): \(error)")
        }
        switch value {
        case .map(let map): return map
        case .null: return ParameterMap()
        default: throw UsageError("\(subject): there are no names; write each parameter as 'days: 7'")
        }
    }
}
