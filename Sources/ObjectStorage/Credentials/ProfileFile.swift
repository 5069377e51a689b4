/// Reads a file of the AWS tools: sections in brackets, with properties such as `region = eu-west-1`.
///
/// A line that is more indented than the property above it continues the value of that or, below a property without a
/// value, is a nested property. Other lines may be indented too. `#` and `;` begin comments, at the start of a line or
/// after white space.
struct ProfileFile {
    /// A section with its properties.
    struct Section: Sendable {
        enum Kind: Sendable {
            case profile
            /// `[default]` in the file of settings, where other profiles are called `[profile NAME]`.
            case plainDefault
            case session, services
        }

        let kind: Kind
        let name: String
        var properties: [String: AWSProfile.Property] = [:]
    }

    /// The greatest number of bytes of a file.
    private static let limit = 1 << 20

    private let path: String
    private let isConfig: Bool
    private var line = 0
    private var sections: [Section] = []
    /// Whether the lines belong to a section, and whether that is one that this program knows.
    private var place = Place.start
    /// The property that a more indented line belongs to.
    private var property: String?
    /// The number of bytes before the last property or header in its line.
    private var indentation = 0

    private enum Place { case start, known, unknown }

    private init(path: String, isConfig: Bool) { (self.path, self.isConfig) = (path, isConfig) }

    /// Returns the sections of a file, in order; none if the file does not exist.
    ///
    /// - Parameters:
    ///   - isConfig: Whether the file is `~/.aws/config`, and not `~/.aws/credentials`.
    ///   - isOfAnotherUser: Set if another user can change the file.
    static func sections(
        of path: String, isConfig: Bool, isOfAnotherUser: inout Bool
    ) throws(CredentialError) -> [Section] {
        let bytes: [UInt8]
        switch SettingsFile.read(path, limit: limit, isOfAnotherUser: &isOfAnotherUser) {
        case .success(let contents): bytes = contents
        case .failure(let refusal):
            if refusal.isMissing { return [] }
            throw .file(path: path, line: nil, reason: refusal.reason)
        }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw .file(path: path, line: nil, reason: "it is not UTF-8")
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        var file = ProfileFile(path: path, isConfig: isConfig)
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            file.line += 1
            try file.take(Substring(line))
        }
        return file.sections
    }

    private mutating func take(_ line: Substring) throws(CredentialError) {
        let text = line.trimmedASCII
        guard let first = text.utf8.first, first != UInt8(ascii: "#"), first != UInt8(ascii: ";") else { return }
        let indentation = line.utf8.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
        if let property, indentation > self.indentation { return try takeIndented(text, below: property) }
        self.indentation = indentation
        if first == UInt8(ascii: "[") {
            try takeHeader(text)
        } else {
            let (name, value) = try pair(text)
            guard place != .start else { throw failure("a property stands before the first section") }
            property = name
            if place == .known { sections[sections.count - 1].properties[name] = AWSProfile.Property(value: value) }
        }
    }

    private mutating func takeHeader(_ text: Substring) throws(CredentialError) {
        guard let end = text.utf8.firstIndex(of: UInt8(ascii: "]")) else {
            throw failure("the name of a section has no ']'")
        }
        let rest = text[text.utf8.index(after: end)...].trimmedASCII
        guard rest.isEmpty || rest.utf8.first == UInt8(ascii: "#") || rest.utf8.first == UInt8(ascii: ";") else {
            throw failure("text follows the name of a section")
        }
        let name = text[text.utf8.index(after: text.startIndex)..<end].trimmedASCII
        guard !name.isEmpty else { throw failure("a section has no name") }
        property = nil
        guard let section = section(name) else { return place = .unknown }
        place = .known
        sections.append(section)
    }

    /// Returns the section of a name in brackets; nil if it is not one that this program knows.
    private func section(_ text: Substring) -> Section? {
        guard isConfig else { return Section(kind: .profile, name: String(text)) }
        if text == "default" { return Section(kind: .plainDefault, name: "default") }
        guard let space = text.utf8.firstIndex(where: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) else {
            return nil
        }
        let kind: Section.Kind
        switch text[..<space] {
        case "profile": kind = .profile
        case "sso-session": kind = .session
        case "services": kind = .services
        default: return nil
        }
        var name = text[space...].trimmedASCII
        if name.utf8.count >= 2, let quote = name.utf8.first, quote == name.utf8.last,
            quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
        {
            name = Substring(name.utf8.dropFirst().dropLast())
        }
        return Section(kind: kind, name: String(name))
    }

    private mutating func takeIndented(_ text: Substring, below property: String) throws(CredentialError) {
        guard place == .known else { return }
        var current = sections[sections.count - 1].properties[property] ?? AWSProfile.Property(value: "")
        if current.value.isEmpty {
            let (name, value) = try pair(text)
            current.nested[name] = value
        } else {
            current.value += "\n" + text
        }
        sections[sections.count - 1].properties[property] = current
    }

    /// Returns the name, in lowercase, and the value of a property.
    private func pair(_ text: Substring) throws(CredentialError) -> (String, String) {
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else {
            throw failure("the line is no section, property or comment")
        }
        let name = text[..<equals].trimmedASCII
        guard !name.isEmpty else { throw failure("a property has no name") }
        return (name.lowercased(), String(Self.withoutComment(text[text.utf8.index(after: equals)...]).trimmedASCII))
    }

    private static func withoutComment(_ value: Substring) -> Substring {
        var isAfterSpace = false
        for index in value.utf8.indices {
            let byte = value.utf8[index]
            if isAfterSpace, byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") { return value[..<index] }
            isAfterSpace = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
        }
        return value
    }

    // The line itself may hold a secret.
    private func failure(_ reason: String) -> CredentialError { .file(path: path, line: line, reason: reason) }
}

extension Substring {
    /// The text without white space of ASCII at its ends.
    var trimmedASCII: Substring {
        func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
        let start = utf8.drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return "" }
        return Substring(start[...last])
    }
}
