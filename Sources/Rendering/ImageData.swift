import GalleyJSON
import GalleyExecution

/// An image that is embedded in a page.
struct ImageData {
    /// The data URL of the image.
    let address: String

    /// The MIME types that browsers show, in order of preference.
    static let types = ["image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"]
    private static let others: Set = ["image/bmp", "image/avif", "image/x-icon", "image/jpg"]

    /// The maximum size of an image in bytes of base64.
    static let largest = 10_000_000

    /// Creates an image from base64; nil if the type or the base64 is invalid, or the image is too large.
    init?(type: String, base64: String) {
        guard Self.types.contains(type) || Self.others.contains(type) else { return nil }
        let bytes = base64.utf8.filter { !$0.isBlank }
        let digits = bytes[..<(bytes.lastIndex { $0 != UInt8(ascii: "=") }.map { $0 + 1 } ?? 0)]
        guard !digits.isEmpty, bytes.count - digits.count <= 2, bytes.count <= Self.largest,
            digits.allSatisfy({ $0.isDigit || $0.isLetter || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/") })
        else { return nil }
        address = "data:\(type);base64," + String(decoding: bytes, as: UTF8.self)
    }

    /// Creates an image from SVG; nil if it is not SVG or too large. In an `img` element, SVG cannot run scripts or
    /// fetch anything.
    init?(drawing: String) {
        guard drawing.utf8.count <= Self.largest / 4 * 3, let start = drawing.firstRange(of: "<svg") else { return nil }
        var drawing = drawing
        // Inside HTML the namespace is implied; a file of its own must declare it.
        if !drawing.contains("xmlns=") {
            drawing.replaceSubrange(start, with: "<svg xmlns=\"http://www.w3.org/2000/svg\"")
        }
        self.init(type: "image/svg+xml", base64: Base64.encode(Array(drawing.utf8)))
    }
}
