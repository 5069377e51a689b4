import GalleyTestSupport
import Testing

@testable import GalleyHTTP

/// Bytes of a text message.
struct TextCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    /// The number of bytes after which a decoder must refuse the text; nil if it is valid.
    let refusedAfter: Int?

    init(_ name: String, _ bytes: [UInt8], refusedAfter: Int? = nil) {
        (testDescription, self.bytes, self.refusedAfter) = (name, bytes, refusedAfter)
    }

    private static let prefix = Array("κόσμε".utf8)

    static let all: [TextCase] = [
        TextCase("ASCII", Array("Hello, world! 0123456789".utf8)),
        TextCase("two bytes", Array("éß\u{80}\u{7FF}".utf8)),
        TextCase("three bytes", Array("€\u{800}\u{D7FF}\u{E000}\u{FFFD}\u{FFFE}\u{FFFF}".utf8)),
        TextCase("four bytes", Array("😀\u{10000}\u{10FFFF}".utf8)),
        TextCase("mixed", Array("aé€😀b, which is more than eight bytes of each é, and 😀 at the end é".utf8)),
        TextCase("a zero", [0]), TextCase("delete", [0x7F]),
        TextCase("a lone continuation", [0x80], refusedAfter: 1),
        TextCase("a continuation after text", prefix + [0xBF], refusedAfter: prefix.count + 1),
        TextCase("C0", [0xC0, 0xAF], refusedAfter: 1), TextCase("C1", [0xC1, 0xBF], refusedAfter: 1),
        TextCase("three bytes for two", [0xE0, 0x80, 0xAF], refusedAfter: 2),
        TextCase("three bytes for two, the largest", [0xE0, 0x9F, 0xBF], refusedAfter: 2),
        TextCase("four bytes for three", [0xF0, 0x8F, 0xBF, 0xBF], refusedAfter: 2),
        TextCase("a surrogate", prefix + [0xED, 0xA0, 0x80] + Array("edited".utf8), refusedAfter: prefix.count + 2),
        TextCase("the last surrogate", [0xED, 0xBF, 0xBF], refusedAfter: 2),
        TextCase("beyond Unicode", prefix + [0xF4, 0x90, 0x80, 0x80] + [0x61], refusedAfter: prefix.count + 2),
        TextCase("F5", [0xF5], refusedAfter: 1), TextCase("F8", [0xF8, 0x88], refusedAfter: 1),
        TextCase("FE", [0xFE], refusedAfter: 1), TextCase("FF", [0x61, 0xFF], refusedAfter: 2),
        TextCase("two bytes cut by ASCII", [0xC3, 0x28], refusedAfter: 2),
        TextCase("three bytes cut by ASCII", [0xE2, 0x82, 0x28], refusedAfter: 3),
        TextCase("four bytes cut by ASCII", [0xF0, 0x9F, 0x98, 0x28], refusedAfter: 4),
        TextCase("a new character inside one", [0xE2, 0xE2, 0x82, 0xAC], refusedAfter: 2),
        TextCase("after eight bytes of ASCII", Array("12345678".utf8) + [0xFF], refusedAfter: 9),
        TextCase("after nine bytes of ASCII", Array("123456789".utf8) + [0xFF] + prefix, refusedAfter: 10),
    ]
}

@Suite struct `The text of WebSocket messages` {
    @Test(arguments: TextCase.all) func `A text is UTF-8, or refused`(text: TextCase) {
        let decoded = Decoded(frame(0x81, text.bytes))
        #expect(decoded.code == (text.refusedAfter == nil ? nil : 1007))
        #expect(decoded.events == (text.refusedAfter == nil ? [.message(.text(text.bytes))] : []))
        #expect((String(validating: text.bytes, as: UTF8.self) == nil) == (text.refusedAfter != nil))
    }

    @Test(arguments: TextCase.all) func `A text in fragments is checked as a whole`(text: TextCase) {
        for first in 0...text.bytes.count {
            for second in first...text.bytes.count {
                let bytes =
                    frame(0x01, Array(text.bytes[..<first])) + frame(0x89)
                    + frame(0x00, Array(text.bytes[first..<second])) + frame(0x80, Array(text.bytes[second...]))
                let messages = Decoded(bytes).events.filter { $0 != .ping([]) }
                #expect(messages == (text.refusedAfter == nil ? [.message(.text(text.bytes))] : []))
            }
        }
    }

    @Test(arguments: TextCase.all.filter { $0.refusedAfter != nil })
    func `A text that is not UTF-8 is refused at its first wrong byte`(text: TextCase) throws {
        // The frame has room for more, so that only the byte can be the reason.
        let bytes = frame(0x01, text.bytes + [0x61, 0x61])
        var decoder = WebSocketDecoder(largestMessage: 1000)
        var count = -2
        for part in bytes.singly {
            count += 1
            do throws(WebSocketViolation) { try decoder.decode(part) { _ in } } catch { break }
        }
        #expect(count == text.refusedAfter)
    }

    @Test(arguments: ["é", "€", "😀"]) func `A text that ends within a character is refused`(character: String) {
        let bytes = Array(character.utf8)
        for count in 1..<bytes.count {
            #expect(Decoded(frame(0x81, Array(bytes[..<count]))).code == 1007)
            #expect(Decoded(frame(0x01, Array(bytes[..<count])) + frame(0x80)).code == 1007)
            #expect(Decoded(frame(0x01, Array(bytes[..<count]))).code == nil)
        }
    }

    @Test func `Binary messages are not checked`() {
        #expect(Decoded(frame(0x82, [0xFF, 0xC0])).events == [.message(.binary([0xFF, 0xC0]))])
    }
}
