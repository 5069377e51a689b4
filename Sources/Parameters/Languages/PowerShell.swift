/// PowerShell 7.
struct PowerShell: ParameterLanguage {
    let name = "PowerShell"
    let heading = "# Parameters"
    /// The variables that PowerShell sets itself, in lower case: the language does not tell cases apart.
    let reservedNames = words(
        """
        args consolefilename enabledexperimentalfeatures error event eventargs eventsubscriber executioncontext false
        foreach home host input iscoreclr islinux ismacos iswindows lastexitcode matches myinvocation nestedpromptlevel
        null pid profile psboundparameters pscmdlet pscommandpath psculture psdebugcontext psedition pshome psitem
        psscriptroot pssenderinfo psuiculture psversiontable pwd sender shellid stacktrace switch this true
        """)

    /// PowerShell takes typographic quotes for the plain one.
    private static let text = StringEscapes.escapes(
        with: "`", besides: ["$", "\u{201C}", "\u{201D}", "\u{201E}"]
    ) { "`u{\(String($0.value, radix: 16))}" }

    func assignment(of literal: String, to name: String) throws(ParameterError) -> String {
        _ = try identifier(name)
        guard !reservedNames.contains(name.lowercased()) else { throw .invalidName(name, language: self.name) }
        return "$\(name) = \(literal)"
    }

    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        switch value {
        case .null: return "$null"
        case .bool(let value): return value ? "$true" : "$false"
        // The number of a literal has no sign, so that no literal is the least number.
        case .integer(let value) where value.int == .min: return "[long]::MinValue"
        case .integer(let value): return value.width == .big ? "\(value)n" : value.description
        case .double(let value):
            return value.spelled(
                nan: "[double]::NaN", infinity: "[double]::PositiveInfinity",
                negativeInfinity: "[double]::NegativeInfinity")
        case .string(let text): return Self.text.literal(text)
        case .list(let values):
            // Without the first comma, a list with one list in it would be the inner one.
            if values.count == 1, case .list = values[0] { return "@(, \(try literals(values)))" }
            return "@(\(try literals(values)))"
        case .map(let map):
            guard Set(map.names.map { $0.lowercased() }).count == map.members.count else {
                throw unsupported(
                    map.names.joined(separator: ", "), because: "its maps have no keys that differ only in case")
            }
            return "@{\(try members(map, separator: "; ") { "\(Self.text.literal($0)) = \($1)" })}"
        }
    }

    func environmentVariable(_ name: String) -> String {
        "(Get-Item -LiteralPath \(Self.text.literal("Env:" + name)) -ErrorAction Stop).Value"
    }
}
