/// Text that a browser shows as it was meant, whatever it was made of.
///
/// Only what is written in a program's own source becomes markup: text that comes from anywhere else is escaped where it
/// is put into a literal.
package struct HTML: Sendable {
    /// The bytes, each tag of which is closed.
    private(set) var bytes: [UInt8] = []

    /// Makes a text of nothing.
    package init() {}

    /// Makes what shows these characters and nothing else.
    package init(escaping text: String) { append(escaping: text) }

    /// The whole text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The number of bytes.
    package var size: Int { bytes.count }

    /// Whether there is nothing in it.
    package var isEmpty: Bool { bytes.isEmpty }

    /// Adds what shows these characters and nothing else.
    package mutating func append(escaping text: String) { append(escaping: text.utf8) }

    /// Adds more at the end.
    package mutating func append(_ other: HTML) { bytes += other.bytes }

    /// Adds more at the end.
    package static func += (html: inout HTML, other: HTML) { html.append(other) }

    /// Adds what shows these characters and nothing else.
    mutating func append(escaping text: some Sequence<UInt8>) {
        for byte in text { append(escaping: byte) }
    }

    private mutating func append(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "&"): bytes += "&amp;".utf8
        case UInt8(ascii: "<"): bytes += "&lt;".utf8
        case UInt8(ascii: ">"): bytes += "&gt;".utf8
        case UInt8(ascii: "\""): bytes += "&quot;".utf8
        case UInt8(ascii: "'"): bytes += "&#39;".utf8
        // A browser shows nothing of them, or puts something else in their place.
        case 0..<9, 0x0B..<0x20, 0x7F: bytes += "\u{FFFD}".utf8
        default: bytes.append(byte)
        }
    }

    /// Adds markup that this room vouches for.
    mutating func append(markup: some Sequence<UInt8>) { bytes += markup }
}

extension HTML: ExpressibleByStringInterpolation {
    /// Takes markup from a program's source.
    package init(stringLiteral markup: StaticString) { bytes = Array(markup.description.utf8) }

    /// Takes markup from a program's source with texts put in.
    package init(stringInterpolation: StringInterpolation) { self = stringInterpolation.html }

    /// Puts texts into markup.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var html = HTML()

        /// Begins with nothing.
        package init(literalCapacity: Int, interpolationCount: Int) {}

        /// Adds markup.
        package mutating func appendLiteral(_ markup: StaticString) { html.bytes += markup.description.utf8 }

        /// Adds text, escaped.
        package mutating func appendInterpolation(_ text: String) { html.append(escaping: text) }

        /// Adds a number.
        package mutating func appendInterpolation(_ number: Int) { html.append(escaping: String(number)) }

        /// Adds markup that is safe already.
        package mutating func appendInterpolation(_ markup: HTML) { html += markup }
    }
}
