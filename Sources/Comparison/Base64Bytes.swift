/// Binary data as a notebook stores it: base64, with insignificant line breaks.
struct Base64Bytes: Hashable {
    /// The base64 characters without white space.
    let letters: [UInt8]

    init(_ text: String) { letters = text.utf8.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } }

    /// The approximate number of decoded bytes.
    var count: Int { letters.count / 4 * 3 - letters.suffix(2).count { $0 == UInt8(ascii: "=") } }

    /// The decoded bytes; nil if the base64 is invalid.
    var decoded: [UInt8]? {
        guard letters.count % 4 == 0 else { return nil }
        let padding = letters.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(letters.count / 4 * 3)
        var bits: UInt32 = 0
        for (index, letter) in letters.dropLast(padding).enumerated() {
            guard let value = Self.values[Int(letter)] else { return nil }
            bits = bits << 6 | UInt32(value)
            if index % 4 > 0 { bytes.append(UInt8(truncatingIfNeeded: bits >> (6 - 2 * UInt32(index % 4)))) }
        }
        return bytes
    }

    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, letter) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
            values[Int(letter)] = UInt8(value)
        }
        return values
    }()
}
