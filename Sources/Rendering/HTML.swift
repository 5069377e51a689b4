/// HTML that is safe to show on a page.
///
/// Only string literals in source code become markup. Text that is interpolated into a literal is escaped.
package struct HTML: Sendable {
    /// The bytes of the HTML, in which every tag is closed.
    private(set) var bytes: [UInt8] = []

    /// Creates empty HTML.
    package init() {}

    /// Creates HTML that shows a text literally.
    package init(escaping text: String) { append(escaping: text) }

    /// The HTML as a string.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The number of bytes.
    package var size: Int { bytes.count }

    /// Whether there is no content.
    package var isEmpty: Bool { bytes.isEmpty }

    /// Appends a text, escaped.
    package mutating func append(escaping text: String) { append(escaping: text.utf8) }

    /// Appends other HTML.
    package mutating func append(_ other: HTML) { bytes += other.bytes }

    /// Appends other HTML.
    package static func += (html: inout HTML, other: HTML) { html.append(other) }

    /// Appends a text, escaped.
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
        // Browsers drop or replace these control characters.
        case 0..<9, 0x0B..<0x20, 0x7F: bytes += "\u{FFFD}".utf8
        default: bytes.append(byte)
        }
    }

    /// Appends markup without escaping; the caller guarantees that it is safe.
    mutating func append(markup: some Sequence<UInt8>) { bytes += markup }
}

extension HTML: ExpressibleByStringInterpolation {
    /// Creates HTML from a literal, which is not escaped.
    package init(stringLiteral markup: StaticString) { bytes = Array(markup.description.utf8) }

    /// Creates HTML from a literal with interpolations.
    package init(stringInterpolation: StringInterpolation) { self = stringInterpolation.html }

    /// The literal parts and interpolated values of a literal.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var html = HTML()

        /// Creates an empty interpolation.
        package init(literalCapacity: Int, interpolationCount: Int) {}

        /// Appends markup.
        package mutating func appendLiteral(_ markup: StaticString) { html.bytes += markup.description.utf8 }

        /// Appends text, escaped.
        package mutating func appendInterpolation(_ text: String) { html.append(escaping: text) }

        /// Appends a number.
        package mutating func appendInterpolation(_ number: Int) { html.append(escaping: String(number)) }

        /// Appends HTML that is already safe.
        package mutating func appendInterpolation(_ markup: HTML) { html += markup }
    }
}
