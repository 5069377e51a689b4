/// The hash SHA-1, which the handshake of WebSockets and some checksums of objects use. It protects against damage, not
/// against attacks.
package struct SHA1: Sendable {
    private var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    private var pending: [UInt8] = []
    private var count: UInt64 = 0

    /// Creates the hash of no bytes.
    package init() {}

    /// Returns the hash of these bytes.
    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        var hash = SHA1()
        hash.update(bytes)
        return hash.digest
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        count += UInt64(bytes.count)
        pending += bytes
        let whole = pending.count / 64 * 64
        for start in stride(from: 0, to: whole, by: 64) { Self.add(pending, at: start, to: &state) }
        pending.removeFirst(whole)
    }

    /// The 20 bytes of the hash.
    package var digest: [UInt8] {
        var (state, tail) = (state, pending + [0x80])
        while tail.count % 64 != 56 { tail.append(0) }
        tail += (0..<8).map { UInt8(truncatingIfNeeded: (count &* 8) >> (56 - 8 * UInt64($0))) }
        for start in stride(from: 0, to: tail.count, by: 64) { Self.add(tail, at: start, to: &state) }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } }
    }

    private static func add(_ bytes: [UInt8], at start: Int, to state: inout [UInt32]) {
        var words = [UInt32](repeating: 0, count: 80)
        for index in 0..<64 { words[index / 4] = words[index / 4] << 8 | UInt32(bytes[start + index]) }
        for index in 16..<80 {
            words[index] = rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1)
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for index in 0..<80 {
            let (mix, constant): (UInt32, UInt32) =
                switch index {
                case ..<20: (b & c | ~b & d, 0x5A82_7999)
                case ..<40: (b ^ c ^ d, 0x6ED9_EBA1)
                case ..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
                default: (b ^ c ^ d, 0xCA62_C1D6)
                }
            (a, b, c, d, e) = (rotate(a, 5) &+ mix &+ e &+ constant &+ words[index], a, rotate(b, 30), c, d)
        }
        for (index, value) in [a, b, c, d, e].enumerated() { state[index] = state[index] &+ value }
    }

    private static func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
}

/// Returns the bytes of a number, the highest first.
func bigEndianBytes(of number: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
    (0..<number.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
}
