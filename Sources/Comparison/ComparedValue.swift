import GalleyJSON
import GalleyNotebook

/// A part of an output in the form in which it is compared.
enum ComparedValue {
    /// Sanitized text.
    case text(String)
    /// JSON, whose strings are sanitized during the comparison.
    case json(Value)
    case picture(Base64Bytes)
    case bytes(Base64Bytes)

    /// Takes the representation of one MIME type from an output.
    init(_ type: String, in data: MimeBundle, _ sanitizers: SanitizerRun) {
        guard let text = data.text(type) else {
            self = .json(data.json[type] ?? .null)
            return
        }
        if type == "image/png" {
            self = .picture(Base64Bytes(text))
        } else if Self.isEncoded(type) {
            self = .bytes(Base64Bytes(text))
        } else {
            self = .text(sanitizers.sanitized(text))
        }
    }

    /// Whether a notebook stores a MIME type in base64.
    private static func isEncoded(_ type: String) -> Bool {
        if type.hasSuffix("+xml") { return false }
        return ["image/", "audio/", "video/", "font/"].contains { type.hasPrefix($0) }
            || ["application/pdf", "application/octet-stream", "application/zip"].contains(type)
    }

    /// Returns the lines that describe how a new value differs; empty if the values are equal.
    func difference(to new: ComparedValue, _ sanitizers: SanitizerRun) -> [String] {
        switch (self, new) {
        case (.text(let one), .text(let other)):
            one.utf8.elementsEqual(other.utf8) ? [] : TextDifference(from: one, to: other).lines
        case (.picture(let one), .picture(let other)): PNGDifference.between(one, other)
        case (.bytes(let one), .bytes(let other)): one == other ? [] : PNGDifference.bytes(one, other)
        case (.json(let one), .json(let other)) where one.means(other, after: sanitizers): []
        default: TextDifference(from: readable(sanitizers), to: new.readable(sanitizers)).lines
        }
    }

    /// Returns the value as readable text.
    func readable(_ sanitizers: SanitizerRun) -> String {
        switch self {
        case .text(let text): text
        case .json(let value):
            String(decoding: value.sanitized(by: sanitizers).canonicalText.bytes, as: UTF8.self)
        case .picture(let bytes), .bytes(let bytes): "\(bytes.count) bytes"
        }
    }

    /// Returns a key that equal values share, to find which of several values is missing.
    func key(_ sanitizers: SanitizerRun) -> [UInt8] {
        switch self {
        case .picture(let bytes), .bytes(let bytes): bytes.letters
        default: Array(readable(sanitizers).utf8)
        }
    }
}
