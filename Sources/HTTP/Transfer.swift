import GalleyCCurl
import GalleyConcurrency
import Glibc

/// One attempt to send a request: what the thread of a client performs.
///
/// Safe because, after its creation, only that thread uses the handle and the collector.
@safe final class Transfer: @unchecked Sendable {
    /// How an attempt ended.
    struct Outcome: Sendable {
        var result: Result<HTTPResponse, HTTPError>
        /// Whether the server may have received something of the request.
        var mayHaveArrived: Bool
        /// Whether parts of the body were passed on.
        var isStreamed = false

        static let canceled = Outcome(result: .failure(.canceled), mayHaveArrived: true)
    }

    /// The input of an attempt.
    struct Plan: Sendable {
        var request: HTTPRequest
        var settings: HTTPSettings
        var cookies: String?
        /// The time for this attempt.
        var limit: Duration
    }

    let outcome = AsyncPromise<Outcome>()
    private let plan: Plan
    private let receive: (@Sendable ([UInt8]) -> Void)?
    private var proxy: ProxyServer?
    private var collector: ResponseCollector
    private var handle: CurlHandle?
    private var isStreamed = false
    /// The place in the body of the request from which libcurl reads next.
    private var bodyOffset = 0

    /// The greatest number of bytes of a body that libcurl copies.
    private static let copiedBody = 1 << 16

    /// - Parameter receive: Receives the parts of the body of a successful response. Without it, they are collected.
    init(_ plan: Plan, receive: (@Sendable ([UInt8]) -> Void)?) {
        self.plan = plan
        self.receive = receive
        let request = plan.request
        collector = ResponseCollector(
            ResponseCollector.Limits(
                body: request.maximumBody, error: request.maximumErrorBody ?? min(request.maximumBody, 16 << 20),
                stream: request.maximumStream))
    }

    /// Creates libcurl's transfer, and returns it. Keep this object until the transfer ends.
    func start(_ library: CurlLibrary) throws(HTTPError) -> CurlHandle {
        let request = plan.request
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(HTTPHeaders.isTokenCharacter) else {
            throw .invalidRequest(reason: "its method is not a word")
        }
        let handle = try CurlHandle(library)
        proxy = try plan.settings.proxies.proxy(for: request.url)
        try handle.setRoute(to: request.url, proxy: proxy, certificates: plan.settings.certificates)
        handle.setTimeouts(connect: request.connectTimeout, total: plan.limit)
        if let stall = request.stallTimeout {
            handle.set(CCURL_LOW_SPEED_LIMIT, HTTPRequest.leastSpeed)
            handle.set(CCURL_LOW_SPEED_TIME, max(1, Int(clamping: stall.components.seconds)))
        }
        handle.set(CCURL_USER_AGENT, plan.settings.userAgent)
        // libcurl repeats a request on a new connection if one that was kept turns out to be closed.
        if !request.isRepeatable { handle.set(CCURL_FRESH_CONNECTION, 1) }
        if let user = request.url.user, request.headers["Authorization"] == nil {
            handle.set(CCURL_USER_NAME, user)
            handle.set(CCURL_PASSWORD, request.url.password ?? "")
        }
        if request.method == "HEAD" {
            handle.set(CCURL_NO_BODY, 1)
        } else if let body = request.body ?? (["POST", "PUT"].contains(request.method) ? [] : nil) {
            handle.set(CCURL_POST, 1)
            // libcurl sends a small body together with the header, and keeps a copy.
            if body.count <= Self.copiedBody { try handle.setBody(body) } else { try setBodyReader(handle, body.count) }
        }
        if request.method != "HEAD" { handle.set(CCURL_CUSTOM_REQUEST, request.method) }
        try handle.setHeaders(headerLines)
        let data = unsafe Unmanaged.passUnretained(self).toOpaque()
        // Safe because this object outlives the transfer. The functions only run while the thread advances it.
        unsafe _ = ccurl_set_receivers(library.pointer, handle.pointer, receiveHeader, receiveBody, data)
        self.handle = handle
        return handle
    }

    /// Lets libcurl fetch the body part by part, so that it needs no copy of it.
    private func setBodyReader(_ handle: CurlHandle, _ count: Int) throws(HTTPError) {
        let data = unsafe Unmanaged.passUnretained(self).toOpaque()
        // Safe because this object outlives the transfer. The functions only run while the thread advances it.
        guard
            unsafe ccurl_set_body_reader(handle.library.pointer, handle.pointer, giveBody, moveInBody, data, count) == 0
        else { throw .noResources(reason: "no memory is left") }
    }

    /// Copies the next part of the request's body, and returns the number of its bytes.
    fileprivate func readBody(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let body = plan.request.body else { return 0 }
        let part = body[bodyOffset..<min(body.count, bodyOffset + buffer.count)]
        // Safe because the part is no longer than the buffer.
        unsafe buffer.copyBytes(from: part)
        bodyOffset += part.count
        return part.count
    }

    /// Moves to a place in the request's body; returns false if there is none.
    fileprivate func seekBody(_ offset: Int) -> Bool {
        guard let body = plan.request.body, 0...body.count ~= offset else { return false }
        bodyOffset = offset
        return true
    }

    private var headerLines: [String] {
        var headers = plan.request.headers
        if let cookies = plan.cookies {
            headers.set("Cookie", [headers["Cookie"], cookies].compactMap(\.self).joined(separator: "; "))
        }
        var lines = headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        // libcurl adds these fields, unless they are given without a value.
        if headers["Content-Type"] == nil { lines.append("Content-Type:") }
        if headers["Expect"] == nil { lines.append("Expect:") }
        return lines
    }

    fileprivate func addHeader(_ line: [UInt8]) -> Bool { collector.addHeader(line) }

    fileprivate func addBody(_ bytes: [UInt8]) -> Bool {
        guard let receive, collector.isSuccess else { return collector.addBody(bytes) }
        isStreamed = true
        guard collector.passBody(bytes.count) else { return false }
        // Nothing arrives any more for a task that was canceled.
        if outcome.current == nil { receive(bytes) }
        return true
    }

    /// Sets the outcome of libcurl's transfer, and frees it.
    func finish(code: Int32) {
        guard let handle else { return }
        let origin = plan.request.url.origin
        if code == 0, !collector.hasWholeHeader {
            let error = HTTPError.broken(origin, reason: "it ended within the header of the response")
            outcome.set(Outcome(result: .failure(error), mayHaveArrived: true))
        } else if code == 0 {
            let response = HTTPResponse(
                status: handle.number(CCURL_RESPONSE_CODE), headers: collector.headers, body: collector.body,
                url: plan.request.url)
            outcome.set(Outcome(result: .success(response), mayHaveArrived: true, isStreamed: isStreamed))
        } else {
            let error =
                switch collector.refusal {
                case .headersTooLarge: HTTPError.broken(origin, reason: "the header of the response is too large")
                case .bodyTooLarge(let limit): HTTPError.bodyTooLarge(origin, limit: limit)
                case nil:
                    HTTPError(
                        code: code, of: handle, origin: origin, proxy: proxy, connectLimit: plan.request.connectTimeout,
                        limit: plan.request.timeout)
                }
            let isSent =
                switch error {
                case .unresolved, .refused, .proxy, .certificate, .invalidURL: false
                default: handle.number(CCURL_REQUEST_SIZE) > 0
                }
            outcome.set(Outcome(result: .failure(error), mayHaveArrived: isSent, isStreamed: isStreamed))
        }
        self.handle = nil
    }

    /// Sets an outcome before libcurl's transfer has begun, or after it was removed.
    func fail(_ error: HTTPError) {
        outcome.set(Outcome(result: .failure(error), mayHaveArrived: false))
        handle = nil
    }
}

private let receiveHeader: ccurl_receiver = { bytes, size, count, data in
    unsafe received(bytes, size, count, data) { $0.addHeader($1) }
}

private let receiveBody: ccurl_receiver = { bytes, size, count, data in
    unsafe received(bytes, size, count, data) { $0.addBody($1) }
}

private let giveBody: ccurl_reader = { bytes, size, count, data in
    guard let data = unsafe data, let bytes = unsafe bytes else { return 0 }
    // Safe because the data is the transfer, and libcurl passes a buffer of so many bytes.
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(data).takeUnretainedValue()
    return unsafe transfer.readBody(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
}

private let moveInBody: ccurl_seeker = { data, offset, origin in
    guard let data = unsafe data, origin == SEEK_SET else { return 1 }
    // Safe because the data is the transfer.
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(data).takeUnretainedValue()
    return transfer.seekBody(Int(offset)) ? 0 : 1
}

/// Passes bytes to a transfer; returns their number, or 0 to end it.
private func received(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ data: UnsafeMutableRawPointer?,
    _ body: (Transfer, [UInt8]) -> Bool
) -> Int {
    guard let data = unsafe data else { return 0 }
    // Safe because the data is the transfer, and libcurl passes so many bytes, which are copied.
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(data).takeUnretainedValue()
    let part = unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: size * count))
    // libcurl takes as many bytes as it gave for success; an empty part would look like a refusal.
    return body(transfer, part) ? size * count : 0
}
