import GalleyStorage
import Glibc

/// Contents that are uploaded part by part.
protocol UploadSource: Sendable {
    /// The number of bytes.
    var count: Int { get }
    /// Returns so many bytes from an offset.
    func part(at offset: Int, count: Int) throws(ObjectStorageError) -> [UInt8]
}

/// Contents in memory.
struct MemorySource<Bytes: ByteRuns>: UploadSource {
    let bytes: Bytes
    var count: Int { bytes.count }

    func part(at offset: Int, count: Int) throws(ObjectStorageError) -> [UInt8] {
        var part: [UInt8] = []
        part.reserveCapacity(count)
        var position = 0
        bytes.forEachRun { run in
            let start = max(0, offset - position)
            let end = min(run.count, offset + count - position)
            position += run.count
            guard start < end else { return }
            // Safe because the bytes are copied immediately.
            unsafe run.extracting(start..<end).withUnsafeBufferPointer { unsafe part.append(contentsOf: $0) }
        }
        return part
    }
}

/// An open local file.
final class FileSource: UploadSource {
    private let path: String
    private let number: Int32
    let count: Int

    /// Opens a file.
    init(_ path: String) throws(ObjectStorageError) {
        guard !path.utf8.contains(0) else { throw .localFile(path, operation: "opening", Errno(rawValue: EINVAL)) }
        // Safe because the path is a text that ends with NUL. Opening a pipe does not wait.
        number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw .localFile(path, operation: "opening", Errno(rawValue: errno)) }
        self.path = path
        var status = stat()
        // Safe because the call fills the structure.
        guard unsafe fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            count = 0
            close(number)
            throw .localFile(path, operation: "opening", Errno(rawValue: EISDIR))
        }
        count = Int(status.st_size)
    }

    deinit { close(number) }

    func part(at offset: Int, count: Int) throws(ObjectStorageError) -> [UInt8] {
        var failure: Int32?
        let (number, total) = (number, count)
        let part = unsafe [UInt8](unsafeUninitializedCapacity: total) { buffer, filled in
            while filled < total {
                // Safe because the call gets only the unfilled part of the buffer.
                let got = unsafe pread(
                    number, buffer.baseAddress.map { unsafe $0 + filled }, total - filled, offset + filled)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                filled += got
            }
        }
        if let failure { throw .localFile(path, operation: "reading", Errno(rawValue: failure)) }
        guard part.count == total else { throw .changed(path) }
        return part
    }
}

extension UploadSource {
    /// The number of bytes that are read at a time.
    private static var step: Int { 1 << 20 }

    /// The length and the hash.
    func fingerprint() throws(ObjectStorageError) -> ContentFingerprint {
        var hash = SHA256()
        var offset = 0
        while offset < count {
            let part = try part(at: offset, count: min(Self.step, count - offset))
            hash.update(part.span)
            offset += Self.step
        }
        return ContentFingerprint(count: count, hash: hash.digest)
    }
}
