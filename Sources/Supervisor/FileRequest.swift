import Glibc
import GalleyStorage

/// The operations on a file that a process can request from the supervisor.
enum FileOperation: UInt8 {
    case makeFolder = 1
    case clear, write, lock, unlock, checkWritable
}

/// A request: an operation, the number of the file, and the number of bytes that follow.
struct FileRequest {
    let operation: FileOperation
    let place: Int
    var mode: UInt32 = 0
    var count = 0

    /// The size of a request's header.
    static let size = 24
    /// The maximum number of bytes that may follow.
    static let limit = 1 << 30

    var header: [UInt8] {
        SocketIO.bytes(UInt64(operation.rawValue) | UInt64(place) << 8) + SocketIO.bytes(UInt64(mode))
            + SocketIO.bytes(UInt64(count))
    }

    /// Parses a header; nil if it is not valid.
    init?(_ header: [UInt8]) {
        guard header.count == Self.size, let operation = FileOperation(rawValue: header[0]) else { return nil }
        self.init(operation, Int(SocketIO.number(header[0..<8]) >> 8))
        guard let mode = UInt32(exactly: SocketIO.number(header[8..<16])),
            let count = Int(exactly: SocketIO.number(header[16..<24])), count <= Self.limit
        else { return nil }
        (self.mode, self.count) = (mode, count)
    }

    init(_ operation: FileOperation, _ place: Int) { (self.operation, self.place) = (operation, place) }
}

/// The reply to a request.
enum FileReply {
    case done
    /// Another program changed the file, so the result was saved beside it, at `path`.
    case conflict(path: String)
    case refused(reason: String)

    private static let textLimit = 1 << 16

    var bytes: [UInt8] {
        let (code, text): (UInt64, String) =
            switch self {
            case .done: (0, "")
            case .conflict(let path): (1, path)
            case .refused(let reason): (2, reason)
            }
        let utf8 = Array(text.utf8.prefix(Self.textLimit))
        return SocketIO.bytes(code) + SocketIO.bytes(UInt64(utf8.count)) + utf8
    }

    /// Reads a reply from a socket; nil if the other end is closed.
    init?(from socket: Int32) {
        guard let header = SocketIO.read(16, from: socket),
            let count = Int(exactly: SocketIO.number(header[8..<16])), count <= Self.textLimit,
            let text = SocketIO.read(count, from: socket)
        else { return nil }
        switch SocketIO.number(header[0..<8]) {
        case 0: self = .done
        case 1: self = .conflict(path: String(decoding: text, as: UTF8.self))
        default: self = .refused(reason: String(decoding: text, as: UTF8.self))
        }
    }
}

/// Reads and writes numbers and bytes on a socket.
enum SocketIO {
    static func bytes(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

    /// Reads `count` bytes; nil if the other end closes first.
    static func read(_ count: Int, from socket: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        // A process can announce bytes and never send them, so the array grows only with received bytes.
        var part = [UInt8](repeating: 0, count: min(count, 1 << 20))
        while bytes.count < count {
            // Safe because the array is passed with its own length, or less.
            let got = unsafe Glibc.read(socket, &part, min(part.count, count - bytes.count))
            if got > 0 { bytes += part[..<got] } else if got == 0 || errno != EINTR { return nil }
        }
        return bytes
    }

    /// Writes all bytes; returns false if the other end is closed.
    static func write(_ bytes: Span<UInt8>, to socket: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            // Safe because the buffer is used only within the closure.
            let count = unsafe bytes.extracting(written...).withUnsafeBufferPointer {
                unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 { written += count } else if errno != EINTR { return false }
        }
        return true
    }
}
