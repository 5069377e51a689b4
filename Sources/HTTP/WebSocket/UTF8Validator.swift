/// Checks that bytes which arrive in parts are UTF-8, and finds an error as soon as its byte arrives.
struct UTF8Validator: Sendable {
    /// The number of bytes that are missing of the current character.
    private var missing = 0
    /// The values that the next byte may have, if it continues a character.
    private var allowed: ClosedRange<UInt8> = 0x80...0xBF

    /// Whether the bytes so far end with a complete character.
    var isComplete: Bool { missing == 0 }

    /// Checks further bytes; returns false if no text can begin with the bytes so far.
    mutating func accept(_ bytes: ArraySlice<UInt8>) -> Bool {
        // Safe because the buffer is read within its bounds.
        unsafe bytes.withUnsafeBytes { buffer in
            var at = 0
            while at < buffer.count {
                // Most text is ASCII, of which eight bytes are checked at once.
                while missing == 0, at + 8 <= buffer.count,
                    unsafe buffer.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    at += 8
                }
                guard at < buffer.count else { break }
                guard accept(unsafe buffer[at]) else { return false }
                at += 1
            }
            return true
        }
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        if missing > 0 {
            guard allowed.contains(byte) else { return false }
            (missing, allowed) = (missing - 1, 0x80...0xBF)
            return true
        }
        switch byte {
        case 0..<0x80: break
        case 0xC2...0xDF: missing = 1
        // The second byte is restricted where a shorter form exists, for surrogates, and at the end of Unicode.
        case 0xE0: (missing, allowed) = (2, 0xA0...0xBF)
        case 0xED: (missing, allowed) = (2, 0x80...0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, allowed) = (3, 0x90...0xBF)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, allowed) = (3, 0x80...0x8F)
        default: return false
        }
        return true
    }
}
