import GalleyJSON
import GalleyJupyterProtocol
import Testing

@testable import GalleyZeroMQTransport

@Suite struct `The message codec` {
    private let key = SigningKey(text: "secret")
    private let session = Session()

    @Test func `The message codec signs as the protocol says`() {
        // The signature that Python's hmac computes for the same key and parts.
        let parts: [[UInt8]] = ["{\"a\":1}", "{}", "{}", "{\"b\":\"é\"}"].map { Array($0.utf8) }
        #expect(
            String(decoding: key.signature(of: parts[...]), as: UTF8.self)
                == "e02a5e08161cd1edd3915b1f9784e9007f40352b828ff62dc2465dbbb55bf3f6")
    }

    @Test func `The message codec encodes and decodes a message without a change`() throws {
        let sender = MessageCodec(key: key)
        var receiver = MessageCodec(key: key)
        var message = session.executeRequest("print('é')\n")
        message.parent = session.kernelInfoRequest().header
        message.buffers = [[], [0, 255], Array(repeating: 7, count: 100_000)]
        let frames = [Array("identity".utf8), Array("topic".utf8)] + sender.frames(of: message)
        let arrived = try receiver.message(of: frames, on: .shell)
        #expect(arrived.header.id == message.header.id)
        #expect(arrived.type == "execute_request")
        #expect(arrived.parent?.id == message.parent?.id)
        #expect(arrived.content["code"]?.string == "print('é')\n")
        #expect(arrived.buffers == message.buffers)
    }

    @Test func `The message codec checks the frame count, the signature and repetition before it parses JSON`()
        throws
    {
        var wire = MessageCodec(key: key)
        let frames = wire.frames(of: session.kernelInfoRequest())
        func refusal(_ change: (inout [[UInt8]]) -> Void) -> MessageDecodingError? {
            var changed = frames
            change(&changed)
            do throws(MessageDecodingError) {
                _ = try wire.message(of: changed, on: .shell)
                return nil
            } catch { return error }
        }
        #expect(refusal { $0 = [] } == .noDelimiter(frames: 0))
        #expect(refusal { $0.removeFirst() } == .noDelimiter(frames: 5))
        for count in 1...5 { #expect(refusal { $0 = Array($0[..<count]) } == .tooShort(frames: count - 1)) }
        // The message is neither JSON nor signed: the signature is checked first.
        #expect(refusal { $0[5] = Array("{".utf8) } == .wrongSignature)
        for part in 2...5 { #expect(refusal { $0[part].append(0x20) } == .wrongSignature) }
        #expect(refusal { $0[1][0] ^= 1 } == .wrongSignature)
        #expect(refusal { $0[1] = [] } == .wrongSignature)
        #expect(refusal { $0[1].removeLast() } == .wrongSignature)
        #expect(refusal { _ in } == nil)
        #expect(refusal { _ in } == .repeated)
    }

    @Test func `The message codec rejects a signature made with another key`() {
        var wire = MessageCodec(key: key)
        let frames = MessageCodec(key: SigningKey(text: "other")).frames(of: session.kernelInfoRequest())
        #expect(throws: MessageDecodingError.wrongSignature) { try wire.message(of: frames, on: .shell) }
    }

    @Test func `The message codec makes keys of 256 random bits`() {
        let keys = (0..<100).map { _ in SigningKey().text }
        #expect(keys.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{64}/) != nil })
        #expect(Set(keys).count == 100)
    }

    @Test func `The message codec survives frames of any bytes`() {
        var wire = MessageCodec(key: key)
        let frames = wire.frames(of: session.executeRequest("x"))
        for index in frames.indices {
            for length in 0..<frames[index].count {
                var cut = frames
                cut[index] = Array(cut[index][..<length])
                #expect(throws: MessageDecodingError.self) { try wire.message(of: cut, on: .iopub) }
            }
        }
    }

    @Test func `The message codec takes many buffers, and refuses too many`() throws {
        var wire = MessageCodec(key: key)
        var message = session.executeRequest("x")
        message.buffers = Array(repeating: [1], count: MessageCodec.frameLimit - 6)
        #expect(try wire.message(of: wire.frames(of: message), on: .shell).buffers == message.buffers)
        message.buffers.append([1])
        #expect(throws: MessageDecodingError.tooLarge) { try wire.message(of: wire.frames(of: message), on: .shell) }
    }
}
