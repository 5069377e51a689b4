/// The response of a transfer as it arrives.
struct ResponseCollector {
    /// Why the collector refuses more of a response.
    enum Refusal: Hashable {
        case headersTooLarge
        case bodyTooLarge(limit: Int)
    }

    /// The greatest numbers of bytes of bodies.
    struct Limits {
        var body: Int
        var error = Int.max
        /// Of a body that is passed on.
        var stream: Int?
    }

    private(set) var status = 0
    private(set) var headers = HTTPHeaders()
    private(set) var body: [UInt8] = []
    private(set) var refusal: Refusal?
    /// Whether the empty line after the fields has arrived.
    private(set) var hasWholeHeader = false
    private var headerBytes = 0
    private var hasBody = false
    private var announcedBytes = 0
    private var passedBytes = 0
    private let limits: Limits

    /// The greatest number of bytes of all header lines, those of interim responses too, and of fields.
    private static let limit = (bytes: 262_144, fields: 1000)

    /// The number of bytes that are reserved for a body before any has arrived, because the server announces as many.
    private static let firstReservation = 16 << 20

    init(_ limits: Limits) { self.limits = limits }

    /// Takes a line of the header; returns false if it is too much.
    mutating func addHeader(_ line: [UInt8]) -> Bool {
        headerBytes += line.count
        guard headerBytes <= Self.limit.bytes, headers.fields.count < Self.limit.fields else {
            refusal = .headersTooLarge
            return false
        }
        // Fields after the body say nothing about it.
        guard !hasBody else { return true }
        if line.starts(with: "HTTP/".utf8) {
            // An interim response came before this one.
            headers = HTTPHeaders()
            hasWholeHeader = false
            let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
            status = words.count > 1 ? Int(String(decoding: words[1].prefix(3), as: UTF8.self)) ?? 0 : 0
        } else if line.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) {
            hasWholeHeader = true
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            headers.add(
                String(decoding: line[..<colon], as: UTF8.self), Self.trimmed(line[(colon + 1)...]))
        }
        return true
    }

    /// Takes a part of the body; returns false if it is too much.
    mutating func addBody(_ bytes: [UInt8]) -> Bool {
        let announced = hasBody ? 0 : headers["Content-Length"].flatMap { Int($0) } ?? 0
        hasBody = true
        let limit = isSuccess ? limits.body : limits.error
        guard bytes.count <= limit - body.count, announced <= limit else {
            refusal = .bodyTooLarge(limit: limit)
            return false
        }
        if announced > 0 { announcedBytes = announced }
        let needed = body.count + bytes.count
        if needed > body.capacity, needed <= announcedBytes {
            body.reserveCapacity(Self.reservation(for: needed, of: announcedBytes))
        }
        body += bytes
        return true
    }

    /// Returns how many bytes to reserve when so many of the announced ones are needed.
    ///
    /// The announced number may be wrong, so that at most twice as many bytes are reserved as have arrived. Each step is
    /// half of the next one, and the last one is the announced number: a step and the copy of the bytes in it never take
    /// more memory than the whole body.
    private static func reservation(for needed: Int, of announced: Int) -> Int {
        var size = announced
        while size > firstReservation, (size + 1) / 2 >= needed { size = (size + 1) / 2 }
        return size
    }

    /// Takes note of a part of the body that is passed on; returns false if it is too much.
    mutating func passBody(_ count: Int) -> Bool {
        hasBody = true
        passedBytes += count
        guard let limit = limits.stream, passedBytes > limit else { return true }
        refusal = .bodyTooLarge(limit: limit)
        return false
    }

    /// Whether the status is one of success.
    var isSuccess: Bool { 200..<300 ~= status }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
        let start = bytes.drop(while: isSpace)
        let end = start.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start.startIndex
        return String(decoding: start[..<end], as: UTF8.self)
    }
}
