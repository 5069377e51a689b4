/// Reads a command line. It looks at nothing but its arguments.
public struct FlagParser<Target>: Sendable {
    /// The flags that there are.
    public let flags: [Flag<Target>]
    /// The command that prints all flags.
    private let help: String
    private let refusal: @Sendable (String) -> String?

    /// Reads these flags.
    ///
    /// - Parameters:
    ///   - help: The command that prints all flags, for errors.
    ///   - refusal: Says why a name is no flag, where there is more to say than that.
    public init(
        _ flags: [Flag<Target>], help: String, refusal: @escaping @Sendable (_ name: String) -> String? = { _ in nil }
    ) {
        (self.flags, self.help, self.refusal) = (flags, help, refusal)
    }

    /// Changes `target` as the flags say, in their order, and returns the other arguments.
    ///
    /// A value follows its flag, or an equals sign: `--timeout 10m`, `--timeout=10m`; a number can follow a letter: `-j4`.
    /// Behind `--` there are no flags, and `-` is none.
    ///
    /// - Throws: ``UsageError`` for an unknown flag, and for a value that is missing or wrong.
    public func parse(_ arguments: [String], into target: inout Target) throws(UsageError) -> [String] {
        var others: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" { return others + rest }
            guard argument.hasPrefix("-"), argument != "-" else {
                others.append(argument)
                continue
            }
            let (name, attached) = Self.split(argument)
            guard let flag = flags.first(where: { $0.names.contains(name) }) else {
                if let refusal = refusal(name) { throw UsageError(refusal) }
                throw UsageError(unknown: "option", name, known: flags.flatMap(\.names), help: help)
            }
            guard flag.value != nil else {
                guard attached == nil else { throw UsageError("\(name) takes no value") }
                try flag.change(&target, "", name)
                continue
            }
            guard let value = attached ?? rest.popFirst() else {
                throw UsageError("\(name) needs a value. See '\(help)'")
            }
            try flag.change(&target, value, name)
        }
        return others
    }

    /// The name of a flag, and the value that is attached to it.
    private static func split(_ argument: String) -> (name: String, value: String?) {
        let letter = argument.prefix(2)
        let number = argument.dropFirst(2)
        if !letter.hasPrefix("--"), !number.isEmpty, number.allSatisfy({ $0.isASCII && $0.isNumber }) {
            return (String(letter), String(number))
        }
        guard let sign = argument.utf8.firstIndex(of: UInt8(ascii: "=")) else { return (argument, nil) }
        return (String(argument[..<sign]), String(argument[argument.utf8.index(after: sign)...]))
    }
}
