import GalleyCCurl

/// A connection to a server, with encryption and proxies dealt with, that sends and receives bytes.
///
/// Calls never wait. To wait, `poll` the ``descriptor``. Only one thread at a time may use a connection.
///
/// Safe because of that rule, and because the handle keeps the connection open.
@safe package final class RawConnection: @unchecked Sendable {
    /// The result of a receive call.
    package enum Received: Hashable, Sendable {
        case bytes([UInt8])
        /// Nothing yet: wait until the descriptor is readable.
        case nothing
        /// The server has closed the connection.
        case end
    }

    /// The socket.
    package let descriptor: Int32
    /// The server.
    package let origin: HTTPURL.Origin
    private var handle: CurlHandle?
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init?(_ handle: CurlHandle, origin: HTTPURL.Origin) {
        descriptor = unsafe ccurl_descriptor(handle.library.pointer, handle.pointer)
        guard descriptor >= 0 else { return nil }
        self.handle = handle
        self.origin = origin
        ccurl_set_no_delay(descriptor)
    }

    /// Sends as many of the bytes as the connection takes now; returns their number. If it is smaller than that of the
    /// bytes, wait until the descriptor is writable.
    ///
    /// - Throws: ``HTTPError/broken(_:reason:)``.
    package func send(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> Int {
        guard let handle else { throw .broken(origin, reason: "it was closed") }
        ccurl_block_broken_pipe_signal()
        var sent = 0
        while sent < bytes.count {
            var count = 0
            let rest = bytes.dropFirst(sent)
            // Safe because the pointer is used only during the call, with the number of the bytes.
            let code = unsafe rest.withUnsafeBytes { rest in
                guard let start = rest.baseAddress else { return Int32(0) }
                return unsafe ccurl_send(handle.library.pointer, handle.pointer, start, rest.count, &count)
            }
            sent += count
            if UInt32(bitPattern: code) == CCURL_AGAIN.rawValue { break }
            guard code == 0 else { throw .broken(origin, reason: handle.library.text(of: code)) }
            if count == 0 { break }
        }
        return sent
    }

    /// Sends as many of the bytes as the connection takes now; returns their number.
    package func send(_ bytes: [UInt8]) throws(HTTPError) -> Int { try send(bytes[...]) }

    /// Receives what has arrived, at most 64 KiB.
    ///
    /// Call it until it returns ``Received/nothing`` before you wait: the encryption may have read more than it has
    /// returned.
    ///
    /// - Throws: ``HTTPError/broken(_:reason:)``.
    package func receive() throws(HTTPError) -> Received {
        guard let handle else { throw .broken(origin, reason: "it was closed") }
        ccurl_block_broken_pipe_signal()
        // Servers that wait for an acknowledgment before they send the next part would wait 40 ms.
        ccurl_acknowledge_quickly(descriptor)
        var count = 0
        // Safe because the buffer is passed with its own size.
        let code = unsafe ccurl_receive(handle.library.pointer, handle.pointer, &buffer, buffer.count, &count)
        if UInt32(bitPattern: code) == CCURL_AGAIN.rawValue { return .nothing }
        guard code == 0 else { throw .broken(origin, reason: handle.library.text(of: code)) }
        return count == 0 ? .end : .bytes(Array(buffer[..<count]))
    }

    /// Closes the connection. Later calls throw.
    package func close() { handle = nil }
}
