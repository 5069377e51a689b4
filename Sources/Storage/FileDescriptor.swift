import GalleyCLinux
import Glibc

/// An open file or folder, which is closed when the value goes out of scope.
struct FileDescriptor: ~Copyable {
    let number: Int32

    init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens a path. Child processes do not inherit the descriptor.
    ///
    /// Opening a pipe for reading does not wait for a writer. If another process holds a lease on the file, the call
    /// retries for two seconds, not for the system's much longer lease timeout.
    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(Errno) {
        let still = flags & O_ACCMODE == O_WRONLY ? 0 : O_NONBLOCK
        var tries = 0
        while true {
            do throws(Errno) {
                number = try throwingErrno { unsafe open(path, flags | still | O_CLOEXEC, mode) }
                return
            } catch  where error.rawValue == EWOULDBLOCK && tries < 40 {
                tries += 1
                _ = poll(nil, 0, 50)
            }
        }
    }

    /// Opens an entry of a folder.
    init(_ name: String, in folder: borrowing FileDescriptor, _ flags: Int32, mode: mode_t = 0) throws(Errno) {
        let folder = folder.number
        number = try throwingErrno { unsafe openat(folder, name, flags | O_CLOEXEC, mode) }
    }

    /// Duplicates the descriptor of an open file; each can be closed without closing the other.
    init(duplicating other: Int32) throws(Errno) {
        number = try throwingErrno { fcntl(other, F_DUPFD_CLOEXEC, 0) }
    }

    var status: stat {
        get throws(Errno) {
            var status = stat()
            try throwingErrno { unsafe fstat(number, &status) }
            return status
        }
    }

    /// Reads from the current position to the end.
    func readToEnd(expecting size: Int) throws(Errno) -> [UInt8] {
        // One byte more than expected, so that the read that finds the end needs no larger buffer.
        var bytes = try readUp(to: size + 1)
        guard bytes.count > size else { return bytes }
        // The file has grown, or is a pipe, whose size is unknown.
        while true {
            let more = try readUp(to: 1 << 20)
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// Reads until it has `count` bytes or reaches the end.
    func readUp(to count: Int) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            if count >= 4 << 20, let start = buffer.baseAddress { unsafe clinux_prefer_huge_pages(start, count) }
            do throws(Errno) {
                while filled < count {
                    // Safe because the call gets only the unfilled part of the buffer.
                    let got = try waiting(for: Int16(POLLIN)) {
                        unsafe Glibc.read(number, buffer.baseAddress.map { unsafe $0 + filled }, count - filled)
                    }
                    if got == 0 { return }
                    filled += got
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all bytes at the current position. For a pipe, throws `ETIMEDOUT` if they are not written by `deadline`.
    func write(_ bytes: Span<UInt8>, until deadline: ContinuousClock.Instant? = nil) throws(Errno) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(written...)
            // Safe because the buffer is used only within the closure.
            written += try unsafe rest.withUnsafeBufferPointer { buffer throws(Errno) in
                try waiting(for: Int16(POLLOUT), until: deadline) {
                    unsafe Glibc.write(number, buffer.baseAddress, buffer.count)
                }
            }
        }
    }

    /// Makes a system call; if the descriptor is non-blocking and not ready, waits and repeats the call.
    ///
    /// Canceling the task ends a wait for reading, but not a wait for writing.
    private func waiting(
        for event: Int16, until deadline: ContinuousClock.Instant? = nil, _ call: () -> Int
    ) throws(Errno) -> Int {
        while true {
            do throws(Errno) {
                return try throwingErrno(call)
            } catch  where error.rawValue == EAGAIN {
                let isReading = event == Int16(POLLIN)
                if isReading, Task.isCancelled { throw Errno(rawValue: ECANCELED) }
                if let deadline, ContinuousClock.now >= deadline { throw Errno(rawValue: ETIMEDOUT) }
                var item = pollfd(fd: number, events: event, revents: 0)
                try throwingErrno { unsafe poll(&item, 1, isReading || deadline != nil ? 100 : -1) }
            }
        }
    }

    func write(_ runs: some ByteRuns, until deadline: ContinuousClock.Instant? = nil) throws(Errno) {
        var count = 0
        try runs.forEachRun { run throws(Errno) in
            try write(run, until: deadline)
            count += run.count
        }
        // `allocate(_:)` reserved space for exactly `runs.count` bytes.
        guard count == runs.count else { throw Errno(rawValue: EIO) }
    }

    /// Reserves space for `count` bytes, so that a full disk is detected before anything is written.
    ///
    /// It also halves the time to write a large file, because the file system allocates the space once.
    func allocate(_ count: Int) throws(Errno) {
        let size = Int(try status.st_size)
        guard count > size else { return }
        let code = posix_fallocate(number, size, count - size)
        // Some file systems cannot reserve space; the write then reports a full disk.
        if code != 0, code != EOPNOTSUPP, code != EINVAL { throw Errno(rawValue: code) }
    }

    /// Reserves space for `count` bytes without changing the length of the file.
    func reserve(_ count: Int) throws(Errno) {
        do throws(Errno) {
            try throwingErrno { clinux_reserve(number, Int64(count)) }
        } catch  where ![ENOSPC, EDQUOT, EFBIG].contains(error.rawValue) {
            // This file system cannot reserve space; the write then reports a full disk.
        }
    }

    func changeOwner(to owner: FileOwner) throws(Errno) {
        try throwingErrno { fchown(number, owner.user, owner.group) }
    }

    func flush() throws(Errno) { try throwingErrno { fsync(number) } }
}

/// Makes a system call, repeats it if a signal interrupts it, and throws its error code.
@discardableResult
func throwingErrno<Result: FixedWidthInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        if errno != EINTR { throw .last }
    }
}
