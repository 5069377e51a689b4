import GalleyHTTP
import GalleyJSON

/// A checksum of contents, as stores keep it.
struct ContentChecksum: Sendable {
    /// A way to compute a checksum.
    enum Algorithm: String, CaseIterable, Sendable {
        case crc32, crc32c, crc64nvme, sha1, sha256
    }

    private enum State {
        case crc32(UInt32, table: [UInt32])
        case crc64(UInt64)
        case sha1(SHA1)
        case sha256(SHA256)
    }

    private var state: State

    /// Creates the checksum of no bytes.
    init(_ algorithm: Algorithm) {
        state =
            switch algorithm {
            case .crc32: .crc32(.max, table: CRCTable.ieee)
            case .crc32c: .crc32(.max, table: CRCTable.castagnoli)
            case .crc64nvme: .crc64(.max)
            case .sha1: .sha1(SHA1())
            case .sha256: .sha256(SHA256())
            }
    }

    /// Adds bytes.
    mutating func update(_ bytes: [UInt8]) {
        switch state {
        case .crc32(var value, let table):
            for byte in bytes { value = value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
            state = .crc32(value, table: table)
        case .crc64(var value):
            let table = CRCTable.nvme
            for byte in bytes { value = value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
            state = .crc64(value)
        case .sha1(var hash):
            hash.update(bytes)
            state = .sha1(hash)
        case .sha256(var hash):
            hash.update(bytes.span)
            state = .sha256(hash)
        }
    }

    /// The checksum in Base64.
    var text: String {
        let bytes: [UInt8] =
            switch state {
            case .crc32(let value, _): (0..<4).map { UInt8(truncatingIfNeeded: ~value >> (24 - 8 * $0)) }
            case .crc64(let value): (0..<8).map { UInt8(truncatingIfNeeded: ~value >> (56 - 8 * $0)) }
            case .sha1(let hash): hash.digest
            case .sha256(let hash): hash.digest
            }
        return Base64.encode(bytes)
    }

    /// The checksum of a whole object in the header of a response: the first that Galley can compute.
    static func expected(_ headers: HTTPHeaders) -> (algorithm: Algorithm, text: String)? {
        for hash in headers.all("x-goog-hash").flatMap({ $0.split(separator: ",") }) where hash.hasPrefix("crc32c=") {
            return (.crc32c, String(hash.dropFirst("crc32c=".count)))
        }
        // The checksum of checksums of parts says nothing about the whole.
        guard headers["x-amz-checksum-type"]?.uppercased() != "COMPOSITE" else { return nil }
        for algorithm in Algorithm.allCases {
            if let text = headers["x-amz-checksum-\(algorithm.rawValue)"], !text.contains("-") {
                return (algorithm, text)
            }
        }
        return nil
    }

    /// Returns the reason why a body is not what the header announces; nil if it is.
    static func mismatch(of body: [UInt8], _ headers: HTTPHeaders) -> String? {
        if let length = headers["Content-Length"].flatMap({ Int($0) }), length != body.count {
            return "\(body.count) bytes arrived instead of \(length)"
        }
        guard let (algorithm, text) = expected(headers) else { return nil }
        var checksum = ContentChecksum(algorithm)
        checksum.update(body)
        return checksum.text == text ? nil : "its checksum (\(algorithm.rawValue)) is not that of the store"
    }
}

/// The tables of the cyclic redundancy checks.
private enum CRCTable {
    static let ieee = table(0xEDB8_8320 as UInt32)
    static let castagnoli = table(0x82F6_3B78 as UInt32)
    static let nvme = table(0x9A6C_9329_AC4B_C9B5 as UInt64)

    private static func table<Word: FixedWidthInteger>(_ polynomial: Word) -> [Word] {
        (0..<256).map { index in
            (0..<8).reduce(Word(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
        }
    }
}
