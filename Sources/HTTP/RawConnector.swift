import GalleyCCurl
import GalleyConcurrency
import Synchronization

/// The opening of a raw connection, on a thread of its own.
///
/// Safe because only that thread uses the handle until it passes it on.
@safe final class RawConnector: @unchecked Sendable {
    let result = AsyncPromise<Result<RawConnection, HTTPError>>()
    private let isCanceled = Atomic(false)

    /// Begins to open a connection; ``result`` then says how it ended.
    func start(to url: HTTPURL, settings: HTTPSettings, timeout: Duration) {
        let isStarted = startThread {
            ccurl_block_broken_pipe_signal()
            do throws(HTTPError) {
                let connection = try self.open(url, settings: settings, timeout: timeout)
                // If the task was canceled, there is a result already, and the connection closes here.
                self.result.set(.success(connection))
            } catch {
                self.result.set(.failure(error))
            }
        }
        if !isStarted { result.set(.failure(.noResources(reason: "no thread can be started"))) }
    }

    private func open(_ url: HTTPURL, settings: HTTPSettings, timeout: Duration) throws(HTTPError) -> RawConnection {
        let library = try CurlLibrary.open(settings.library)
        let handle = try CurlHandle(library)
        let proxy = try settings.proxies.proxy(for: url)
        try handle.setRoute(to: url, proxy: proxy, certificates: settings.certificates)
        handle.setTimeouts(connect: timeout, total: nil)
        handle.set(CCURL_USER_AGENT, settings.userAgent)
        handle.set(CCURL_CONNECT_ONLY, 1)
        // An HTTP proxy would otherwise expect a request.
        handle.set(CCURL_TUNNEL, 1)
        let data = unsafe Unmanaged.passUnretained(self).toOpaque()
        // Safe because this object exists until the transfer ends: this function uses it afterward.
        unsafe _ = ccurl_set_progress(library.pointer, handle.pointer, checkCancellation, data)
        let code = unsafe ccurl_perform(library.pointer, handle.pointer)
        guard code == 0 else {
            throw HTTPError(
                code: code, of: handle, origin: url.origin, proxy: proxy, connectLimit: timeout, limit: timeout)
        }
        // The object may end before the connection does.
        unsafe _ = ccurl_set_progress(library.pointer, handle.pointer, { _, _, _, _, _ in 0 }, nil)
        guard !isCanceled.load(ordering: .relaxed) else { throw .canceled }
        guard let connection = RawConnection(handle, origin: url.origin) else {
            throw .broken(url.origin, reason: "it ended at once")
        }
        return connection
    }

    /// Ends the opening.
    func cancel() {
        isCanceled.store(true, ordering: .relaxed)
        result.set(.failure(.canceled))
    }

    fileprivate var mustEnd: Bool { isCanceled.load(ordering: .relaxed) }
}

private let checkCancellation: ccurl_progress = { data, _, _, _, _ in
    guard let data = unsafe data else { return 0 }
    // Safe because the data is the connector, which outlives the transfer.
    return unsafe Unmanaged<RawConnector>.fromOpaque(data).takeUnretainedValue().mustEnd ? 1 : 0
}
