import Glibc

/// An IPv4 or IPv6 address.
struct IPAddress: Hashable {
    /// 4 or 16 bytes, the most significant first.
    let bytes: [UInt8]

    /// Reads an address; nil if the text is none.
    init?(_ text: some StringProtocol) {
        let text = String(text)
        let family = text.utf8.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
        var bytes = [UInt8](repeating: 0, count: family == AF_INET ? 4 : 16)
        // Safe because the array has as many bytes as an address of this family.
        guard unsafe inet_pton(family, text, &bytes) == 1 else { return nil }
        self.bytes = bytes
    }

    var isVersion6: Bool { bytes.count == 16 }

    /// Whether the address is one of this machine.
    var isLoopback: Bool {
        isVersion6 ? bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1 : bytes.first == 127
    }

    /// Returns whether the address has the first bits of another one.
    func isWithin(_ other: IPAddress, bits: Int) -> Bool {
        guard bytes.count == other.bytes.count, 0...bytes.count * 8 ~= bits else { return false }
        let whole = bits / 8
        guard bytes.prefix(whole) == other.bytes.prefix(whole) else { return false }
        let rest = bits % 8
        return rest == 0 || (bytes[whole] ^ other.bytes[whole]) >> UInt8(8 - rest) == 0
    }
}
