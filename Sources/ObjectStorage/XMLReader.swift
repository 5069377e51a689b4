/// Reads the XML that services answer with.
///
/// Only what such answers contain is accepted: elements, text, CDATA, the five named entities, numeric references,
/// comments and instructions. A document type is refused, because its entities could make a short text very long. The
/// size, the depth and the number of elements are bounded.
package struct XMLReader: ~Copyable {
    /// The reason why a text was not read, and the place.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let reason: String
        /// The number of bytes before the place.
        package let offset: Int
        /// The reason and the place, without a word of the text.
        package var description: String { "\(reason) (at byte \(offset))" }
    }

    /// The greatest number of bytes of a document.
    package static let sizeLimit = 16 << 20
    /// The greatest number of elements within each other.
    package static let depthLimit = 32
    /// The greatest number of elements.
    package static let elementLimit = 200_000

    private let bytes: [UInt8]
    private var place = 0
    /// The elements that are open, the outermost first, with their names as they are written.
    private var open: [(tag: ArraySlice<UInt8>, element: XMLElement, text: [UInt8])] = []
    private var count = 0
    private var root: XMLElement?

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Returns the outermost element of a document in UTF-8.
    ///
    /// - Throws: ``Failure``.
    package static func read(_ bytes: [UInt8]) throws(Failure) -> XMLElement {
        guard bytes.count <= sizeLimit else { throw Failure(reason: "the document is too long", offset: sizeLimit) }
        var reader = XMLReader(bytes)
        return try reader.document()
    }

    private mutating func document() throws(Failure) -> XMLElement {
        // The mark of the encoding.
        _ = skip("\u{FEFF}")
        while place < bytes.count {
            if bytes[place] != UInt8(ascii: "<") {
                try text()
            } else if skip("<!--") {
                try pass("-->", "a comment has no end")
            } else if skip("<![CDATA[") {
                let start = place
                try pass("]]>", "a CDATA section has no end")
                try append(bytes[start..<place - 3])
            } else if skip("<?") {
                try pass("?>", "an instruction has no end")
            } else if skip("<!") {
                throw failure("a document type is not accepted")
            } else if skip("</") {
                try endTag()
            } else {
                place += 1
                try startTag()
            }
        }
        guard open.isEmpty, let root else { throw failure("the document ends too early") }
        return root
    }

    // MARK: Tags

    private mutating func startTag() throws(Failure) {
        let tag = try name()
        guard root == nil else { throw failure("a second outermost element follows") }
        guard open.count < Self.depthLimit else { throw failure("the elements are too deep") }
        count += 1
        guard count <= Self.elementLimit else { throw failure("there are too many elements") }
        let local = tag.lastIndex(of: UInt8(ascii: ":")).map { tag[($0 + 1)...] } ?? tag
        open.append((tag, XMLElement(name: String(decoding: local, as: UTF8.self)), []))
        while true {
            skipSpace()
            if skip("/>") { return try close() }
            if skip(">") { return }
            try attribute()
        }
    }

    private mutating func endTag() throws(Failure) {
        let tag = try name()
        skipSpace()
        guard skip(">"), open.last?.tag == tag else { throw failure("an end tag matches no start tag") }
        try close()
    }

    private mutating func close() throws(Failure) {
        guard let closed = open.popLast() else { throw failure("an end tag matches no start tag") }
        guard let text = String(validating: closed.text, as: UTF8.self) else { throw failure("the text is not UTF-8") }
        var element = closed.element
        element.text = text
        if open.isEmpty { root = element } else { open[open.count - 1].element.children.append(element) }
    }

    /// Reads the name of an element or attribute.
    private mutating func name() throws(Failure) -> ArraySlice<UInt8> {
        let start = place
        while place < bytes.count, Self.isNameCharacter(bytes[place]) { place += 1 }
        guard place > start, place - start <= 256 else { throw failure("a name is missing or too long") }
        return bytes[start..<place]
    }

    /// Passes over an attribute with its value.
    private mutating func attribute() throws(Failure) {
        _ = try name()
        skipSpace()
        guard skip("=") else { throw failure("an attribute has no value") }
        skipSpace()
        guard place < bytes.count, [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(bytes[place]) else {
            throw failure("the value of an attribute has no quotes")
        }
        let quote = bytes[place]
        guard let end = bytes[(place + 1)...].firstIndex(of: quote),
            !bytes[place..<end].contains(UInt8(ascii: "<"))
        else { throw failure("the value of an attribute has no end") }
        place = end + 1
    }

    // MARK: Text

    private mutating func text() throws(Failure) {
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "<"), bytes[place] != UInt8(ascii: "&") { place += 1 }
        try append(bytes[start..<place])
        guard place < bytes.count, bytes[place] == UInt8(ascii: "&") else { return }
        // The longest reference has ten characters between its ends.
        guard let end = bytes[place...].prefix(12).firstIndex(of: UInt8(ascii: ";")),
            let character = Self.character(String(decoding: bytes[place + 1..<end], as: UTF8.self))
        else { throw failure("an entity is not known") }
        place = end + 1
        try append(Array(String(character).utf8)[...], isReference: true)
    }

    /// Returns the character of a reference between `&` and `;`; nil if there is none.
    private static func character(_ reference: String) -> Unicode.Scalar? {
        switch reference {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard reference.utf8.first == UInt8(ascii: "#") else { return nil }
            let digits = reference.dropFirst()
            let isHexadecimal = digits.utf8.first == UInt8(ascii: "x")
            let number = isHexadecimal ? digits.dropFirst() : digits
            // `UInt32(_:radix:)` would accept a sign.
            guard number.utf8.first.map({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) == true,
                let value = UInt32(number, radix: isHexadecimal ? 16 : 10), value != 0
            else { return nil }
            return Unicode.Scalar(value)
        }
    }

    /// Adds text to the innermost element.
    private mutating func append(_ part: ArraySlice<UInt8>, isReference: Bool = false) throws(Failure) {
        guard let last = open.indices.last else {
            guard !isReference, part.allSatisfy(Self.isSpace) else { throw failure("text stands outside of elements") }
            return
        }
        guard !isReference, part.contains(UInt8(ascii: "\r")) else { return open[last].text += part }
        // All forms of a line end are one line feed.
        var previous: UInt8 = 0
        for byte in part {
            if byte == UInt8(ascii: "\r") {
                open[last].text.append(UInt8(ascii: "\n"))
            } else if byte != UInt8(ascii: "\n") || previous != UInt8(ascii: "\r") {
                open[last].text.append(byte)
            }
            previous = byte
        }
    }

    // MARK: Scanning

    /// Passes over a text if it comes next.
    private mutating func skip(_ text: StaticString) -> Bool {
        let isNext = bytes[place...].starts(with: text.description.utf8)
        if isNext { place += text.utf8CodeUnitCount }
        return isNext
    }

    /// Moves behind the next occurrence of a text.
    private mutating func pass(_ end: String, _ reason: String) throws(Failure) {
        let end = Array(end.utf8)
        while place + end.count <= bytes.count {
            if bytes[place] == end[0], bytes[place...].starts(with: end) {
                place += end.count
                return
            }
            place += 1
        }
        throw failure(reason)
    }

    private mutating func skipSpace() { while place < bytes.count, Self.isSpace(bytes[place]) { place += 1 } }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
            true
        default: "_-.:".utf8.contains(byte)
        }
    }

    private func failure(_ reason: String) -> Failure { Failure(reason: reason, offset: place) }
}
