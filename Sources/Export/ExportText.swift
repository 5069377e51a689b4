/// The text of a document while it is written.
///
/// It consists of bytes, because appending many pieces to a `String` takes longer.
struct ExportText {
    private var bytes: [UInt8] = []

    static func += (text: inout ExportText, piece: String) { text.bytes += piece.utf8 }

    /// The text without line ends at its start.
    var trimmed: [UInt8] {
        Array(bytes.drop { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
    }
}

extension String {
    /// The text with another text in place of each LF, also of those in a CRLF, after a prefix.
    func replacingLineFeeds(with replacement: String, after prefix: String = "") -> String {
        var bytes = Array(prefix.utf8)
        for byte in utf8 {
            if byte == UInt8(ascii: "\n") { bytes += replacement.utf8 } else { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text with four spaces before each line.
    var indented: String {
        let text = replacingLineFeeds(with: "\n    ", after: "    ")
        return text.utf8.suffix(5).elementsEqual("\n    ".utf8) ? String(text.unicodeScalars.dropLast(4)) : text
    }
}
