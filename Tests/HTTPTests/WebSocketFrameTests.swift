import GalleyTestSupport
import Testing

@testable import GalleyHTTP

@Suite struct `The frames of a client` {
    @Test(arguments: [0, 1, 3, 4, 5, 31, 32, 33, 125, 126, 127, 1000, 65_535, 65_536, 70_001])
    func `A frame is masked, whole, and of the shortest length`(count: Int) throws {
        let payload = FrameCase.bytes(count)
        for opcode in [WebSocketFrame.Opcode.text, .binary] {
            let bytes = WebSocketFrame.encode(opcode, payload, key: 0xA1B2_C3D4)
            let frames = ClientFrame.decode(bytes)
            #expect(frames == [ClientFrame(0x80 | opcode.rawValue, payload)])
            #expect(frames.first?.key == [0xA1, 0xB2, 0xC3, 0xD4])
            #expect(bytes.count == count + 6 + (count < 126 ? 0 : count <= 0xFFFF ? 2 : 8))
        }
    }

    @Test func `The published example of a masked frame is encoded`() {
        #expect(
            WebSocketFrame.encode(.text, Array("Hello".utf8), key: 0x37FA_213D)
                == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }

    @Test func `Each frame has a new key`() {
        var run = SessionRun()
        for _ in 0..<200 { run.send("x") }
        #expect(Set(run.sent.map(\.key)).count == 200)
    }

    @Test(arguments: [
        (1000, "bye", 1000, "bye"), (1005, "", 1000, ""), (70_000, "", 1000, ""), (-1, "", 1000, ""),
        (4001, String(repeating: "x", count: 200), 4001, String(repeating: "x", count: 123)),
        (4001, String(repeating: "😀", count: 40) + "x", 4001, String(repeating: "😀", count: 30)),
    ])
    func `A close frame is always valid`(code: Int, reason: String, sentCode: Int, sentReason: String) throws {
        let payload = WebSocketClose(code: code, reason: reason).payload
        #expect(payload.count <= 125)
        let close = try WebSocketClose(decoding: payload)
        #expect(close.code == sentCode)
        #expect(close.reason == sentReason)
    }
}
