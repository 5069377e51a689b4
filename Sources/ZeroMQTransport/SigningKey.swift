import GalleyCSodium

/// The shared key with which both ends of a connection sign their messages.
package struct SigningKey: Sendable {
    /// The key as in the connection file: 256 random bits in hexadecimal digits.
    ///
    /// The digits themselves, not the bits, are the signing key. All kernels read the file that way.
    package let text: String
    private let bytes: [UInt8]

    /// Creates a random key.
    package init() {
        var random = [UInt8](repeating: 0, count: 32)
        // Safe because the array is passed with its own length, and the function is thread-safe.
        unsafe randombytes_buf(&random, random.count)
        self.init(text: String(decoding: hexadecimal(random), as: UTF8.self))
    }

    /// Creates a key from the text in a connection file. An empty text means that messages are not signed.
    package init(text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    /// Whether messages are not signed.
    package var isEmpty: Bool { bytes.isEmpty }

    /// Returns the signature of the four parts of a message, in lowercase hexadecimal digits.
    func signature(of parts: ArraySlice<[UInt8]>) -> [UInt8] {
        if isEmpty { return [] }
        var state = crypto_auth_hmacsha256_state()
        var digest = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
        // Safe because each array is passed with its own length, and the digest has the required length.
        unsafe crypto_auth_hmacsha256_init(&state, bytes, bytes.count)
        for part in parts { unsafe crypto_auth_hmacsha256_update(&state, part, UInt64(part.count)) }
        unsafe crypto_auth_hmacsha256_final(&state, &digest)
        return hexadecimal(digest)
    }

    /// Compares two signatures in constant time.
    static func equal(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        // Safe because both arrays have the length that is passed.
        unsafe one.count == other.count && sodium_memcmp(one, other, one.count) == 0
    }
}

private func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }
}
