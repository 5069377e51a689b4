internal import GalleyCZlib

/// Compressed data in zlib's format (RFC 1950).
enum ZlibStream {
    /// The maximum number of bytes to which one byte of a stream can expand.
    private static let mostExpansion = 1032

    /// Decompresses a whole stream.
    ///
    /// Returns nil if the stream is truncated or damaged, or if it does not have exactly `count` bytes. Needs memory in
    /// proportion to the stream.
    static func decompress(_ stream: [UInt8], count: Int) -> [UInt8]? {
        guard count / mostExpansion <= stream.count, count < Int.max else { return nil }
        var isComplete = false
        // With one byte more, a stream that lacks its checksum differs from one that is too long.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count + 1) { buffer, initializedCount in
            var length = uLong(count + 1)
            var streamLength = uLong(stream.count)
            let status = unsafe uncompress2(buffer.baseAddress, &length, stream, &streamLength)
            isComplete = status == Z_OK && length == uLong(count)
            initializedCount = isComplete ? count : 0
        }
        return isComplete ? bytes : nil
    }
}
