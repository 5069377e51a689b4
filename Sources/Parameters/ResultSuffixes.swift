internal import GalleyJSON

extension ParameterValue {
    /// The maximum number of bytes of a value in a name of a file.
    private static let nameLimit = 60

    /// The value as a part of the name of a file: shortened, without slashes and control characters, and without dots at
    /// the start.
    package var fileName: String {
        let dots = text.prefix { $0 == "." }
        var name = String(repeating: "_", count: dots.count)
        for scalar in text[dots.endIndex...].unicodeScalars {
            name.unicodeScalars.append(scalar == "/" || scalar.isConfusing ? "_" : scalar)
        }
        // A lone hyphen is a standard stream.
        if name == "-" || name.isEmpty { return "_" }
        name = String(name.unicodeScalars.prefix(Self.nameLimit))
        while name.utf8.count > Self.nameLimit { name.unicodeScalars.removeLast() }
        return name
    }
}

extension [ParameterMap] {
    /// For each run of a notebook, the end of its result's name, such as `-eu-2024`.
    ///
    /// A checksum follows if the values are too long or unsuitable for a name, or if another run has the same values in
    /// a name. The result of a run thus has the same name in a part of the runs, and after others were added.
    package var resultSuffixes: [String] {
        let counts = Dictionary(map { ($0.fileNames, 1) }, uniquingKeysWith: +)
        return map { run in
            let names = run.fileNames
            return run.isItsFileNames && counts[names] == 1 ? names : names + "-" + run.checksum
        }
    }
}

extension ParameterMap {
    /// The maximum number of values in the name of a result.
    private static var nameLimit: Int { 8 }

    /// The values in the name of a result, each after a hyphen.
    fileprivate var fileNames: String {
        let name = members.prefix(Self.nameLimit).map { "-" + $0.value.fileName }.joined()
        return name.utf8.count > 120 ? String(name.unicodeScalars.prefix(30)) : name
    }

    /// Whether the name contains all values as they are.
    fileprivate var isItsFileNames: Bool { fileNames == members.map { "-" + $0.value.text }.joined() }

    /// Ten digits that depend on the names and values. That two runs have the same digits is unlikely.
    fileprivate var checksum: String {
        // The hash function FNV-1a.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in Document(reported).text.bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String((String(repeating: "0", count: 16 - digits.count) + digits).suffix(10))
    }
}
