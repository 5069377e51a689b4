import GalleyCSodium

/// What the two ends of a connection share, so that each knows the other's messages.
package struct SigningKey: Sendable {
    /// The key as the connection file spells it: 256 random bits in hexadecimal digits.
    ///
    /// The digits themselves are the key that signatures are made with; that is how every kernel reads the file.
    package let text: String
    private let bytes: [UInt8]

    /// Makes a new key.
    package init() {
        var random = [UInt8](repeating: 0, count: 32)
        // Safe because the array is passed with its own length. It may be called at any time, on any thread.
        unsafe randombytes_buf(&random, random.count)
        self.init(text: String(decoding: hexadecimal(random), as: UTF8.self))
    }

    /// Takes the key of a connection file; an empty one means that nothing is signed.
    package init(text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    /// Whether nothing is signed.
    package var isEmpty: Bool { bytes.isEmpty }

    /// Returns the signature of the four parts of a message, in lower-case hexadecimal digits.
    func signature(of parts: ArraySlice<[UInt8]>) -> [UInt8] {
        if isEmpty { return [] }
        var state = crypto_auth_hmacsha256_state()
        var digest = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
        // Safe because every array is passed with its own length, and the digest has the length that is written.
        unsafe crypto_auth_hmacsha256_init(&state, bytes, bytes.count)
        for part in parts { unsafe crypto_auth_hmacsha256_update(&state, part, UInt64(part.count)) }
        unsafe crypto_auth_hmacsha256_final(&state, &digest)
        return hexadecimal(digest)
    }

    /// Compares two signatures in a time that does not depend on where they differ.
    static func equal(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        // Safe because both arrays have the length that is passed.
        unsafe one.count == other.count && sodium_memcmp(one, other, one.count) == 0
    }
}

private func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }
}
