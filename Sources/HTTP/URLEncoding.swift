/// The percent encoding of the parts of a URL.
package enum URLEncoding {
    private static let hexadecimal = Array("0123456789ABCDEF".utf8)

    /// Encodes a text so that it is one name or one value of a query.
    package static func component(_ text: String) -> String { encoded(text.utf8, where: isUnreserved) }

    /// Encodes a text so that it is one segment of a path.
    static func segment(_ text: String) -> String {
        // A server would take these segments out of the path.
        if text == "." || text == ".." { return text.utf8.map { _ in "%2E" }.joined() }
        return encoded(text.utf8) { isUnreserved($0) || "!$&'()*+,;=:@".utf8.contains($0) }
    }

    /// Encodes what a path cannot contain, and resolves its dot segments.
    static func path(_ text: String) -> String {
        let text = encodingInvalid(text) { isUnreserved($0) || "!$&'()*+,;=:@/".utf8.contains($0) }
        var segments: [Substring] = []
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            // The empty text before the first slash is not a segment.
            if index == 0, part.isEmpty { continue }
            switch part {
            case ".", "..":
                if part == ".." { _ = segments.popLast() }
                if index == parts.count - 1 { segments.append("") }
            default: segments.append(part)
            }
        }
        return "/" + segments.joined(separator: "/")
    }

    /// Encodes what a query cannot contain.
    static func query(_ text: String) -> String {
        encodingInvalid(text) { isUnreserved($0) || "!$&'()*+,;=:@/?[]".utf8.contains($0) }
    }

    /// Decodes percent encoding. Invalid UTF-8 becomes replacement characters.
    package static func decoded(_ text: some StringProtocol) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if let byte = escape(in: bytes, at: index) {
                result.append(byte)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Decodes a name or value of a query, in which a plus sign is a space.
    static func decodedForm(_ text: some StringProtocol) -> String {
        decoded(String(text).split(separator: "+", omittingEmptySubsequences: false).joined(separator: "%20"))
    }

    private static func encodingInvalid(_ text: String, isValid: (UInt8) -> Bool) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if isValid(byte) || byte == UInt8(ascii: "%") && escape(in: bytes, at: index) != nil {
                result.append(byte)
            } else {
                append(byte, to: &result)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func encoded(_ bytes: String.UTF8View, where isValid: (UInt8) -> Bool) -> String {
        var result: [UInt8] = []
        for byte in bytes { if isValid(byte) { result.append(byte) } else { append(byte, to: &result) } }
        return String(decoding: result, as: UTF8.self)
    }

    private static func append(_ byte: UInt8, to result: inout [UInt8]) {
        result += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
    }

    private static func escape(in bytes: [UInt8], at index: Int) -> UInt8? {
        guard bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = digit(bytes[index + 1]),
            let low = digit(bytes[index + 2])
        else { return nil }
        return high << 4 | low
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        byte.isASCIILetter || byte.isASCIIDigit || "-._~".utf8.contains(byte)
    }
}
