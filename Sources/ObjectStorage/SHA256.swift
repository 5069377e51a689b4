import GalleyCSodium

/// The hash with which requests are signed and contents are compared.
struct SHA256 {
    private var state = crypto_hash_sha256_state()
    /// The number of bytes so far.
    private(set) var count = 0

    /// Creates the hash of no bytes.
    init() {
        // Safe because the function fills the state.
        unsafe _ = crypto_hash_sha256_init(&state)
    }

    /// Adds bytes.
    mutating func update(_ bytes: Span<UInt8>) {
        count += bytes.count
        // Safe because the buffer is used within the closure, with its own length.
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe _ = crypto_hash_sha256_update(&state, buffer.baseAddress, UInt64(buffer.count))
        }
    }

    /// Returns the 32 bytes of the hash. More bytes can still be added.
    var digest: [UInt8] {
        var copy = state
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        // Safe because the array has the required length.
        unsafe _ = crypto_hash_sha256_final(&copy, &digest)
        return digest
    }

    /// Returns the hash of bytes.
    static func digest(of bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes.span)
        return hash.digest
    }

    /// Returns the keyed hash (HMAC) of bytes.
    static func authenticate(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var state = crypto_auth_hmacsha256_state()
        var digest = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
        // Safe because each array is passed with its own length, and the digest has the required length.
        unsafe crypto_auth_hmacsha256_init(&state, key, key.count)
        unsafe crypto_auth_hmacsha256_update(&state, bytes, UInt64(bytes.count))
        unsafe crypto_auth_hmacsha256_final(&state, &digest)
        return digest
    }
}

extension [UInt8] {
    /// The bytes as lowercase hexadecimal digits.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }, as: UTF8.self)
    }
}
