import GalleyExecution

/// An image that a page can hold within itself.
struct ImageData {
    /// The address that is the image.
    let address: String

    /// The media types that browsers show, the best first.
    static let types = ["image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"]
    private static let others: Set = ["image/bmp", "image/avif", "image/x-icon", "image/jpg"]

    /// More than this makes a page heavy, in bytes of base64.
    static let largest = 10_000_000

    /// Takes an image in base64; nil where it is none, or too large.
    init?(type: String, base64: String) {
        guard Self.types.contains(type) || Self.others.contains(type) else { return nil }
        let bytes = base64.utf8.filter { !$0.isBlank }
        let digits = bytes[..<(bytes.lastIndex { $0 != UInt8(ascii: "=") }.map { $0 + 1 } ?? 0)]
        guard !digits.isEmpty, bytes.count - digits.count <= 2, bytes.count <= Self.largest,
            digits.allSatisfy({ $0.isDigit || $0.isLetter || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/") })
        else { return nil }
        address = "data:\(type);base64," + String(decoding: bytes, as: UTF8.self)
    }

    /// Takes a drawing, which in an image can neither act nor fetch anything; nil where it is none, or too large.
    init?(drawing: String) {
        guard drawing.utf8.count <= Self.largest / 4 * 3, let start = drawing.firstRange(of: "<svg") else { return nil }
        var drawing = drawing
        // Within HTML it would go without saying, in a file of its own it does not.
        if !drawing.contains("xmlns=") {
            drawing.replaceSubrange(start, with: "<svg xmlns=\"http://www.w3.org/2000/svg\"")
        }
        self.init(type: "image/svg+xml", base64: Base64.encode(Array(drawing.utf8)))
    }
}
