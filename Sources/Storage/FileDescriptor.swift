import GalleyCLinux
import Glibc

/// An open file or folder, closed when it is no longer used.
struct FileDescriptor: ~Copyable {
    let number: Int32

    init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens a path; it is not passed on to children.
    ///
    /// To read, it does not wait for a writer at the other end of a pipe that took the place of a file. It waits two seconds,
    /// and not for as long as the system allows, where another process has a lease on the file that it was asked to give back.
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

    /// Opens a name in a folder.
    init(_ name: String, in folder: borrowing FileDescriptor, _ flags: Int32, mode: mode_t = 0) throws(Errno) {
        let folder = folder.number
        number = try throwingErrno { unsafe openat(folder, name, flags | O_CLOEXEC, mode) }
    }

    /// Makes another descriptor of an open file, which can be closed without closing that one.
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
        // One byte more than expected, so that the read that finds the end needs no more room.
        var bytes = try readUp(to: size + 1)
        guard bytes.count > size else { return bytes }
        // The file has grown, or is a pipe that does not tell its size.
        while true {
            let more = try readUp(to: 1 << 20)
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// Reads until `count` bytes are there or the end is reached.
    func readUp(to count: Int) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            if count >= 4 << 20, let start = buffer.baseAddress { unsafe clinux_prefer_huge_pages(start, count) }
            do throws(Errno) {
                while filled < count {
                    // Safe because what is passed is the part of the buffer that has not been filled.
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

    /// Writes all bytes at the current position, to a pipe until `deadline` at most.
    func write(_ bytes: Span<UInt8>, until deadline: ContinuousClock.Instant? = nil) throws(Errno) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(written...)
            // Safe because the buffer is used within the closure alone.
            written += try unsafe rest.withUnsafeBufferPointer { buffer throws(Errno) in
                try waiting(for: Int16(POLLOUT), until: deadline) {
                    unsafe Glibc.write(number, buffer.baseAddress, buffer.count)
                }
            }
        }
    }

    /// Calls the system, and again when it is able to: a pipe may be one that does not wait by itself.
    ///
    /// What is to be read is waited for until the task is cancelled; what is to be written has to be written.
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
        // Room was made for as many as were promised.
        guard count == runs.count else { throw Errno(rawValue: EIO) }
    }

    /// Makes sure that there is room for this many bytes before the first is written.
    ///
    /// It also halves the time that a large file takes: the file system then finds its place once, and not on the way.
    func allocate(_ count: Int) throws(Errno) {
        let size = Int(try status.st_size)
        guard count > size else { return }
        let code = posix_fallocate(number, size, count - size)
        // Some file systems cannot promise room; they will say so when it is written.
        if code != 0, code != EOPNOTSUPP, code != EINVAL { throw Errno(rawValue: code) }
    }

    /// Makes sure that there is room for this many bytes, and leaves the file as long as it is.
    func reserve(_ count: Int) throws(Errno) {
        do throws(Errno) {
            try throwingErrno { clinux_reserve(number, Int64(count)) }
        } catch  where ![ENOSPC, EDQUOT, EFBIG].contains(error.rawValue) {
            // This file system cannot promise room; it will say so when it is written.
        }
    }

    func changeOwner(to owner: FileOwner) throws(Errno) {
        try throwingErrno { fchown(number, owner.user, owner.group) }
    }

    func flush() throws(Errno) { try throwingErrno { fsync(number) } }
}

/// Calls the system, again where a signal interrupted it, and throws what it refuses.
@discardableResult
func throwingErrno<Result: FixedWidthInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        if errno != EINTR { throw .last }
    }
}
