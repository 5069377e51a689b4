import GalleySpelling

/// Reads a command line. It looks at nothing but its arguments.
public struct FlagParser<Target>: Sendable {
    /// The flags of the command line.
    public let flags: [Flag<Target>]
    /// The command that prints all flags.
    private let help: String
    /// The noun for a flag in errors.
    private let subject: String
    private let refusal: @Sendable (String) -> String?

    /// Reads these flags.
    ///
    /// - Parameters:
    ///   - help: The command that prints all flags, for errors.
    ///   - refusal: Returns the reason why a name is not a flag; nil if there is nothing to add to that.
    public init(
        _ flags: [Flag<Target>], help: String, refusal: @escaping @Sendable (_ name: String) -> String? = { _ in nil }
    ) {
        self.init(flags, help: help, subject: "option", refusal: refusal)
    }

    /// Reads these flags, which errors call `subject`.
    package init(
        _ flags: [Flag<Target>], help: String, subject: String,
        refusal: @escaping @Sendable (_ name: String) -> String?
    ) {
        (self.flags, self.help, self.subject, self.refusal) = (flags, help, subject, refusal)
    }

    /// Changes `target` as the flags say, in their order, and returns the other arguments.
    ///
    /// A value follows its flag or an equals sign: `--timeout 10m`, `--timeout=10m`. An optional value follows only an
    /// equals sign. A number can follow a letter: `-j4`.
    /// Letters can be joined: `-qj4`. All arguments after `--` are operands, and so is `-`.
    ///
    /// - Throws: ``UsageError`` for an unknown flag, and for a value that is missing, wrong, or looks like a flag.
    public func parse(_ arguments: [String], into target: inout Target) throws(UsageError) -> [String] {
        var others: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" { return others + rest }
            guard argument.hasPrefix("-"), argument != "-" else {
                others.append(argument)
                continue
            }
            for use in try uses(in: argument) {
                guard let wanted = use.flag.value else {
                    guard use.value == nil else { throw UsageError("\(use.name) takes no value") }
                    try use.flag.change(&target, "", use.name)
                    continue
                }
                var value: String
                if let attached = use.value {
                    value = attached
                } else {
                    value = wanted.isOptional ? "" : try next(in: &rest, for: use.name)
                }
                if wanted.isPair, !value.utf8.contains(UInt8(ascii: "=")) {
                    // Every text can be the value of a name.
                    guard use.value == nil, let second = rest.popFirst() else {
                        throw UsageError(
                            "\(use.name) \(UsageError.visible(value)) needs a value. Write \(use.name) \(wanted.example)"
                        )
                    }
                    value += "=" + second
                }
                try use.flag.change(&target, value, use.name)
            }
        }
        return others
    }

    /// A flag on the command line, by one of its names, with the value that is attached to it.
    private struct Use {
        let flag: Flag<Target>
        let name: String
        let value: String?
    }

    private func flag(_ name: String) -> Flag<Target>? { flags.first { $0.names.contains(name) } }

    /// The flags of one argument: one, or several letters.
    private func uses(in argument: String) throws(UsageError) -> [Use] {
        let (name, value) = Self.split(argument)
        if let flag = flag(name) { return [Use(flag: flag, name: name, value: value)] }
        let letters = argument.dropFirst()
        guard letters.first != "-", flag("-" + name) == nil else { throw unknown(name) }
        var uses: [Use] = []
        var rest = letters
        while let letter = rest.popFirst() {
            let name = "-\(letter)"
            guard let flag = flag(name) else { throw unknown(Self.split(argument).name) }
            guard flag.value != nil, !rest.isEmpty else {
                uses.append(Use(flag: flag, name: name, value: nil))
                continue
            }
            let value = rest.first == "=" ? rest.dropFirst() : rest
            guard rest.first == "=" || Self.isNumber(rest) else {
                throw UsageError(
                    "'\(UsageError.visible(argument))' is not an \(subject). If it is \(name) with its value, write "
                        + "\(name) \(UsageError.visible(String(rest)))")
            }
            return uses + [Use(flag: flag, name: name, value: String(value))]
        }
        return uses
    }

    /// Takes the value of a flag from the following arguments.
    private func next(in rest: inout ArraySlice<String>, for name: String) throws(UsageError) -> String {
        guard let value = rest.popFirst() else { throw UsageError("\(name) needs a value. See '\(help)'") }
        // A negative number can be a value.
        let second = value.dropFirst().first
        guard value.hasPrefix("-"), let second, second == "-" || second.isLetter else { return value }
        let shown = UsageError.visible(value)
        throw UsageError(
            "\(name) needs a value, and '\(shown)' looks like an option. If it is the value, write \(name)=\(shown)")
    }

    /// The error for a name that is not a flag.
    private func unknown(_ name: String) -> UsageError {
        if let refusal = refusal(name) { return UsageError(refusal) }
        return UsageError(unknown: subject, name, suggestions: suggestions(for: name), help: help)
    }

    /// The names that may be meant: those that begin so, or else the nearest.
    private func suggestions(for name: String) -> [String] {
        if !name.hasPrefix("--"), flag("-" + name) != nil { return ["-" + name] }
        let beginnings = flags.compactMap { flag in flag.names.first { $0.hasPrefix(name) } }
        if (1...4).contains(beginnings.count) { return beginnings }
        // One letter is near every other.
        return Array(Spelling.nearest(to: name, in: flags.flatMap(\.names).filter { $0.count > 2 }).prefix(1))
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// The name of a flag, and the value that is attached to it.
    private static func split(_ argument: String) -> (name: String, value: String?) {
        let letter = argument.prefix(2)
        let number = argument.dropFirst(2)
        if !letter.hasPrefix("--"), isNumber(number) { return (String(letter), String(number)) }
        guard let sign = argument.utf8.firstIndex(of: UInt8(ascii: "=")) else { return (argument, nil) }
        return (String(argument[..<sign]), String(argument[argument.utf8.index(after: sign)...]))
    }
}
