/// The Base64 encoding of bytes.
package enum Base64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Returns the Base64 text of bytes, with padding.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var bits = Int(bytes[start]) << 16
            if count > 1 { bits |= Int(bytes[start + 1]) << 8 }
            if count > 2 { bits |= Int(bytes[start + 2]) }
            text.append(letters[bits >> 18])
            text.append(letters[bits >> 12 & 63])
            text.append(count > 1 ? letters[bits >> 6 & 63] : UInt8(ascii: "="))
            text.append(count > 2 ? letters[bits & 63] : UInt8(ascii: "="))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Returns the bytes of a Base64 text; nil if the last bytes are incomplete.
    ///
    /// As Python does, this skips all characters that are not Base64, and ends at complete padding.
    package static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3)
        var (bits, count, padding) = (UInt32(0), 0, 0)
        for letter in text.utf8 {
            if letter == UInt8(ascii: "=") {
                padding += 1
                if count >= 2, count + padding >= 4 { return bytes }
                continue
            }
            let value = values[Int(letter)]
            guard value < 64 else { continue }
            padding = 0
            bits = bits << 6 | UInt32(value)
            if count > 0 { bytes.append(UInt8(truncatingIfNeeded: bits >> (6 - 2 * UInt32(count)))) }
            count = (count + 1) % 4
        }
        return count == 0 ? bytes : nil
    }

    /// The value of each letter; 64 for other bytes.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        for (value, letter) in letters.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()
}
