/// The parser of a stream of server-sent events, which takes in its bytes in parts of any size.
struct EventStream: Sendable {
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var endsWithReturn = false
    /// The maximum number of bytes of a line and of an event. What is longer is dropped.
    private static let limit = 65_536

    /// Takes in bytes, and returns the data of the events that are complete.
    mutating func receive(_ bytes: [UInt8]) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            defer { endsWithReturn = byte == UInt8(ascii: "\r") }
            switch byte {
            case UInt8(ascii: "\n") where endsWithReturn: continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = takeLine() { events.append(event) }
            default: if line.count < Self.limit { line.append(byte) }
            }
        }
        return events
    }

    /// Takes in the line; returns the data of the event that it ends, if it ends one.
    private mutating func takeLine() -> [UInt8]? {
        defer { line = [] }
        if line.isEmpty {
            defer { data = [] }
            return data.isEmpty ? nil : data
        }
        guard line.starts(with: "data:".utf8), data.count + line.count < Self.limit else { return nil }
        let value = line.dropFirst(5)
        if !data.isEmpty { data.append(UInt8(ascii: "\n")) }
        data += value.first == UInt8(ascii: " ") ? value.dropFirst() : value
        return nil
    }
}
