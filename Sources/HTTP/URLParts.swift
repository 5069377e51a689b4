/// The parts of a URL or of a reference to one, not yet checked.
struct URLParts {
    var scheme: Substring?
    /// What follows two slashes: nil without them.
    var authority: Substring?
    var path: Substring
    var query: Substring?

    /// The greatest number of bytes of a URL.
    private static let limit = 65_536

    /// Divides a text. Spaces around it and a fragment are dropped.
    ///
    /// - Throws: ``HTTPError/invalidURL(reason:)`` if it has control characters or is too long.
    init(_ text: String) throws(HTTPError) {
        var rest = text[...]
        while let first = rest.unicodeScalars.first, Self.isSpace(first) { rest.unicodeScalars.removeFirst() }
        while let last = rest.unicodeScalars.last, Self.isSpace(last) { rest.unicodeScalars.removeLast() }
        guard !rest.utf8.isEmpty else { throw .invalidURL(reason: "it is empty") }
        guard rest.utf8.count <= Self.limit else { throw .invalidURL(reason: "it is longer than 65,536 bytes") }
        guard !rest.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .invalidURL(reason: "it contains a control character")
        }
        if let end = rest.utf8.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<end] }
        if let end = rest.utf8.firstIndex(of: UInt8(ascii: "?")) {
            query = rest[rest.utf8.index(after: end)...]
            rest = rest[..<end]
        }
        if let colon = rest.utf8.firstIndex(of: UInt8(ascii: ":")), Self.isScheme(rest[..<colon]) {
            scheme = rest[..<colon]
            rest = rest[rest.utf8.index(after: colon)...]
        }
        if rest.utf8.starts(with: "//".utf8) {
            rest = rest[rest.utf8.index(rest.startIndex, offsetBy: 2)...]
            let end = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            authority = rest[..<end]
            rest = rest[end...]
        }
        path = rest
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { " \t\r\n".unicodeScalars.contains(scalar) }

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first.isASCIILetter else { return false }
        return text.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "+-.".utf8.contains($0) }
    }
}

/// The user info, the host and the port of a URL.
struct URLAuthority {
    var host: String
    var port: Int?
    var user: String?
    var password: String?

    /// Reads and checks what follows the two slashes of a URL.
    ///
    /// - Throws: ``HTTPError/invalidURL(reason:)``. The reason does not repeat the text, which may hold a password.
    init(_ text: Substring) throws(HTTPError) {
        var place = text
        if let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) {
            let parts = text[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = URLEncoding.decoded(parts[0])
            password = parts.count > 1 ? URLEncoding.decoded(parts[1]) : nil
            place = text[text.utf8.index(after: at)...]
        }
        var portText: Substring?
        if place.utf8.first == UInt8(ascii: "[") {
            guard let end = place.utf8.firstIndex(of: UInt8(ascii: "]")) else {
                throw .invalidURL(reason: "a bracket of the host is not closed")
            }
            host = place[place.utf8.index(after: place.startIndex)..<end].lowercased()
            guard IPAddress(host)?.isVersion6 == true else {
                throw .invalidURL(reason: "the host in brackets is no IPv6 address")
            }
            let rest = place[place.utf8.index(after: end)...]
            guard rest.isEmpty || rest.utf8.first == UInt8(ascii: ":") else {
                throw .invalidURL(reason: "only a port may follow the host")
            }
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            let parts = place.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = parts[0].lowercased()
            portText = parts.count > 1 ? parts[1] : nil
            guard !host.isEmpty else { throw .invalidURL(reason: "it has no host") }
            guard host.utf8.count <= 255, host.utf8.allSatisfy(Self.isHostCharacter) else {
                throw .invalidURL(
                    reason: "its host has characters other than letters, digits, '.', '-' and '_'. Write "
                        + "an international name in its form with xn--")
            }
        }
        guard let portText, !portText.isEmpty else { return }
        guard portText.utf8.count <= 5, portText.utf8.allSatisfy(\.isASCIIDigit), let number = Int(portText),
            1...65_535 ~= number
        else { throw .invalidURL(reason: "its port is no number between 1 and 65535") }
        port = number
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        byte.isASCIILetter || byte.isASCIIDigit || "-._".utf8.contains(byte)
    }
}

extension UInt8 {
    var isASCIILetter: Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= self | 0x20 }
    var isASCIIDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}
