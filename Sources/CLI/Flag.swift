import GalleyExecution
import Galley
import GalleyLocalKernels

/// An option of `galley execute`, by all the names that it has here and elsewhere.
struct Flag: Sendable {
    let names: [String]
    let act: Act

    enum Act: Sendable {
        case set(@Sendable (inout ExecuteArguments) throws(UsageError) -> Void)
        case take(@Sendable (inout ExecuteArguments, _ value: String, _ name: String) throws(UsageError) -> Void)
    }

    init(_ names: String..., set: @escaping @Sendable (inout ExecuteArguments) throws(UsageError) -> Void) {
        self.names = names
        act = .set(set)
    }

    init(
        _ names: String...,
        take: @escaping @Sendable (inout ExecuteArguments, String, String) throws(UsageError) -> Void
    ) {
        self.names = names
        act = .take(take)
    }

    /// Makes an option of a setting of nbclient's, which is spelled with the class that it belongs to.
    init(
        _ names: String..., trait: String,
        take: @escaping @Sendable (inout ExecuteArguments, String, String) throws(UsageError) -> Void
    ) {
        self.names = names + ["ExecutePreprocessor", "NbClientApp", "NotebookClient"].map { "--\($0).\(trait)" }
        act = .take(take)
    }

    static var all: [Flag] { own + BatchSettings.flags + Background.flags + Nbconvert.flags }

    private static let own = [
        // The result
        Flag("--help", "-h") { $0.wantsHelp = true },
        Flag("--inplace") { arguments throws(UsageError) in try arguments.setResult(.inPlace) },
        Flag("--output", "-o") { arguments, value, _ throws(UsageError) in try arguments.setResult(.file(value)) },
        Flag("--output-dir") { arguments, value, _ in arguments.nbconvert.folder = value },
        Flag("--stdout") { arguments throws(UsageError) in try arguments.setResult(.standardOutput) },
        Flag("--no-timing") { $0.options.execution.keepsTiming = false },
        Flag("--record") { $0.options.keepsRecord = true },
        Flag("--collapse-progress") { $0.options.execution.collapsesProgress = true },
        Flag("--max-output") { arguments, value, name throws(UsageError) in
            arguments.options.execution.outputLimit = try Reading.bytes(value, name)
        },
        // The kernel
        Flag("--kernel", "-k", "--kernel_name", "--kernel-name", trait: "kernel_name") { arguments, value, _ in
            arguments.options.kernel = value.isEmpty ? nil : value
        },
        Flag("--existing") { arguments, value, _ in arguments.existing = value },
        Flag("--kernel-fallback") { $0.options.allowsKernelFallback = true },
        Flag("--cwd") { arguments, value, _ in arguments.options.workingDirectory = value },
        Flag("--env") { arguments, value, name throws(UsageError) in
            let (key, value) = try Reading.variable(value, name)
            arguments.options.environment[key] = value
        },
        Flag("--as-owner") { $0.options.user = .owner },
        Flag("--as-caller") { $0.options.user = .caller },
        Flag("--as-user") { arguments, value, _ in arguments.options.user = .named(value) },
        Flag("--answer") { arguments, value, _ in arguments.answers.append(value) },
        Flag("--leave-children") { $0.options.leavesChildren = true },
        Flag("--keep-kernel") { $0.options.keepsKernel = .always },
        Flag("--keep-kernel-on-failure") { arguments in
            if arguments.options.keepsKernel == .never { arguments.options.keepsKernel = .afterFailure }
        },
        // The time
        Flag("--timeout", "--execution-timeout", trait: "timeout") { arguments, value, name throws(UsageError) in
            arguments.options.execution.cellLimit = try Reading.limit(value, name)
        },
        Flag("--total-timeout") { arguments, value, name throws(UsageError) in
            arguments.options.execution.totalLimit = try Reading.limit(value, name)
        },
        Flag("--idle-timeout") { arguments, value, name throws(UsageError) in
            arguments.options.execution.silenceLimit = try Reading.limit(value, name)
        },
        Flag("--startup-timeout", "--startup_timeout", "--start-timeout", trait: "startup_timeout") {
            arguments, value, name throws(UsageError) in
            // Nobody waits longer than a year for a kernel, so that is no limit.
            arguments.options.startTimeout = try Reading.limit(value, name).duration ?? .seconds(365 * 86400)
        },
        Flag("--on-timeout") { arguments, value, name throws(UsageError) in
            arguments.options.execution.atLimit = try Reading.choice(value, name, ["stop": .stop, "interrupt": .goOn])
        },
        Flag("--grace") { arguments, value, name throws(UsageError) in
            // None at all is a time too.
            let isNone = Double(value) == 0
            guard let grace = isNone ? .zero : try Reading.limit(value, name).duration else {
                throw UsageError("\(name) needs a time, such as 10s")
            }
            arguments.options.execution.grace = grace
        },
        // The cells
        Flag("--allow-errors") { $0.options.execution.allowedErrors.isEverything = true },
        Flag("--allow-error") { arguments, value, _ in
            arguments.options.execution.allowedErrors.names.insert(value)
        },
        Flag("--start-at") { arguments, value, _ in arguments.options.execution.startAt = value },
        Flag("--stop-after") { arguments, value, _ in arguments.options.execution.stopAfter = value },
        // What is said meanwhile
        Flag("--stream") { $0.streams = true },
        Flag("--quiet", "-q") { $0.isQuiet = true },
        Flag("--events") { arguments, value, _ in arguments.events = value },
    ]

    /// What is said of an option that others have and that means something Galley does not do.
    static func refusal(of name: String) -> String? {
        if let reason = Nbconvert.refused[name] { return "\(name): \(reason)" }
        guard name.contains("."), name.hasPrefix("--") else { return nil }
        let owner = name.prefix { $0 != "." } + "."
        let known = Flag.all.flatMap(\.names).filter { $0.hasPrefix(owner) }
        if let near = Spelling.nearest(to: name, in: known).first {
            return "'\(name)' is not an option. Did you mean '\(near)'?"
        }
        return "'\(name)' is a setting that Galley does not have; leave it out if you can do without what it does"
    }
}

/// Reads the values of options.
enum Reading {
    static func limit(_ value: String, _ name: String) throws(UsageError) -> TimeLimit {
        guard let limit = TimeLimit(parsing: value) else {
            throw UsageError("\(name): '\(value)' is not a time. Write 600 for seconds, or 90s, 10m, 1h30m, none")
        }
        return limit
    }

    static func bytes(_ value: String, _ name: String) throws(UsageError) -> Int? {
        let text = value.uppercased().filter { $0 != " " }
        if text == "NONE" { return nil }
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let units = ["": 1.0, "B": 1, "K": 1e3, "KB": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9]
        guard let number = Double(digits), let unit = units[String(text.dropFirst(digits.count))], number * unit < 1e15
        else { throw UsageError("\(name): '\(value)' is not a size. Write 10MB, 500kB or none") }
        return Int(number * unit)
    }

    static func number(_ value: String, _ name: String, from least: Int) throws(UsageError) -> Int {
        guard let number = Int(value), (least...1_000_000).contains(number) else {
            throw UsageError("\(name): '\(value)' is not a number from \(least) on")
        }
        return number
    }

    static func variable(_ value: String, _ name: String) throws(UsageError) -> (String, String) {
        guard let sign = value.firstIndex(of: "="), sign != value.startIndex else {
            throw UsageError("\(name): '\(value)' sets no variable. Write NAME=VALUE")
        }
        return (String(value[..<sign]), String(value[value.index(after: sign)...]))
    }

    static func choice<Choice>(
        _ value: String, _ name: String, _ choices: KeyValuePairs<String, Choice>
    ) throws(UsageError) -> Choice {
        if let choice = choices.first(where: { $0.key == value }) { return choice.value }
        throw UsageError("\(name): '\(value)' is not one of \(choices.map(\.key).joined(separator: ", "))")
    }

    static func truth(_ value: String, _ name: String) throws(UsageError) -> Bool {
        try choice(value.lowercased(), name, ["true": true, "false": false, "1": true, "0": false])
    }

    /// A list as Python writes it, or one word: `['A', 'B']`.
    static func list(_ value: String) -> [String] {
        value.split { "[]{}(),".contains($0) }.map { $0.filter { !"'\" ".contains($0) } }.filter { !$0.isEmpty }
    }
}
