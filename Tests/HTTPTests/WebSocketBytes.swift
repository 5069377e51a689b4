@testable import GalleyHTTP

/// Returns the bytes of a frame of a server, right or wrong.
///
/// - Parameters:
///   - first: The first byte: FIN, the reserved bits and the opcode.
///   - length: The length as it is announced; nil for the shortest form of the true one.
func frame(_ first: UInt8, _ payload: [UInt8] = [], length: [UInt8]? = nil) -> [UInt8] {
    let shortest: [UInt8] =
        switch payload.count {
        case ...125: [UInt8(payload.count)]
        case ...0xFFFF: [126] + bigEndianBytes(of: UInt16(payload.count))
        default: [127] + bigEndianBytes(of: UInt64(payload.count))
        }
    return [first] + (length ?? shortest) + payload
}

func frame(_ first: UInt8, _ text: String) -> [UInt8] { frame(first, Array(text.utf8)) }

/// The events of a decoder, and the violation that ended them.
struct Decoded: Hashable, CustomStringConvertible {
    var events: [WebSocketDecoder.Event] = []
    var code: Int?
    var reason: String?

    /// Decodes parts of bytes.
    init(_ parts: [ArraySlice<UInt8>], largestMessage: Int = 1 << 20) {
        var decoder = WebSocketDecoder(largestMessage: largestMessage)
        for part in parts {
            do throws(WebSocketViolation) {
                try decoder.decode(part) { events.append($0) }
            } catch {
                (code, reason) = (error.code, error.reason)
            }
        }
    }

    init(_ bytes: [UInt8], largestMessage: Int = 1 << 20) {
        self.init([bytes[...]], largestMessage: largestMessage)
    }

    var description: String { "\(events), \(code.map { "\($0) \(reason ?? "")" } ?? "no violation")" }
}

extension Array<UInt8> {
    /// The bytes, one by one.
    var singly: [ArraySlice<UInt8>] { indices.map { self[$0...$0] } }
}
