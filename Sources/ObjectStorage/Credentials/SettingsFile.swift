import Glibc

/// Reads the small files in which settings and tokens are kept.
enum SettingsFile {
    /// The reason why a file was not read.
    struct Refusal: Error {
        let reason: String
        /// Whether there is no such file.
        var isMissing = false
    }

    /// Returns the contents of a regular file or `/dev/null`. Links are followed: tokens are often behind some.
    static func read(_ path: String, limit: Int) -> Result<[UInt8], Refusal> {
        var isOfAnotherUser = false
        return read(path, limit: limit, isOfAnotherUser: &isOfAnotherUser)
    }

    /// Returns the contents of a file.
    ///
    /// - Parameter isOfAnotherUser: Set if the file that was read belongs to another user than this process's, or if
    ///   others can write to it.
    static func read(_ path: String, limit: Int, isOfAnotherUser: inout Bool) -> Result<[UInt8], Refusal> {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard file >= 0 else { return .failure(refusal(errno)) }
        defer { close(file) }
        var status = stat()
        // Safe because the call fills a value of its own size.
        guard unsafe fstat(file, &status) == 0 else { return .failure(refusal(errno)) }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFCHR else { return .failure(Refusal(reason: "it is not a file")) }
        if kind == S_IFREG, status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH) != 0 {
            isOfAnotherUser = true
        }
        var (bytes, part) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 14))
        while bytes.count <= limit {
            // Safe because the array is passed with its own length.
            let count = unsafe Glibc.read(file, &part, part.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return .failure(refusal(errno)) }
            if count == 0 { return .success(bytes) }
            bytes += part[..<count]
        }
        return .failure(Refusal(reason: "it has more than \(limit) bytes"))
    }

    private static func refusal(_ code: Int32) -> Refusal {
        // Safe because strerror returns a string that lives until this thread calls it again.
        Refusal(reason: unsafe String(cString: strerror(code)), isMissing: code == ENOENT || code == ENOTDIR)
    }
}
