import Testing

@testable import GalleyHTTP

@Suite struct `The SHA-1 digest` {
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "a49b2446a02c645bf419f995b67091253a04a259"
        ),
    ])
    func `The digest of a published message is the published one`(message: String, digest: String) {
        #expect(hexadecimal(SHA1.digest(of: Array(message.utf8))) == digest)
    }

    @Test func `The digest of a million letters is the published one`() {
        let digest = SHA1.digest(of: Array(repeating: UInt8(ascii: "a"), count: 1_000_000))
        #expect(hexadecimal(digest) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
    }

    /// Lengths at which the padding needs another block.
    @Test(arguments: [
        (55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"), (56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
        (63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"), (64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
    ])
    func `The padding is right at the end of a block`(count: Int, digest: String) {
        #expect(hexadecimal(SHA1.digest(of: Array(repeating: UInt8(ascii: "a"), count: count))) == digest)
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
