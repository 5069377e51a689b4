import GalleyConcurrency

/// Sends requests. One client is one set of cookies, settings and connections.
package final class HTTPClient: Sendable {
    package let settings: HTTPSettings
    /// The cookies that requests carry, and that responses set.
    package let cookies: CookieJar
    private let time: HTTPTime
    private let thread = TransferThread()

    /// Creates a client. It opens nothing until the first request.
    package init(_ settings: HTTPSettings = HTTPSettings(), time: HTTPTime = .system) {
        self.settings = settings
        self.time = time
        cookies = CookieJar(date: time.date)
    }

    deinit { thread.stop() }

    /// Sends a request and returns the response, also one with the status of an error.
    ///
    /// Redirects are followed, and failed attempts are repeated if the request allows it. If the task is canceled, the
    /// exchange ends at once.
    ///
    /// - Throws: ``HTTPError`` if there is no response.
    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        try await exchange(request, nil)
    }

    /// Sends a request, and passes on the parts of the body as they arrive.
    ///
    /// Only the body of a successful response (2xx) is passed on, up to ``HTTPRequest/maximumStream``. The returned
    /// response has an empty body then, and otherwise contains the body as with ``send(_:)``.
    ///
    /// - Parameter body: Receives the parts on the client's thread, in order.
    package func stream(
        _ request: HTTPRequest, _ body: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(HTTPError) -> HTTPResponse {
        try await exchange(request, body)
    }

    /// Opens a connection that sends and receives bytes.
    ///
    /// - Throws: ``HTTPError``; at once if the task is canceled.
    package func connect(to url: HTTPURL, timeout: Duration) async throws(HTTPError) -> RawConnection {
        let connector = RawConnector()
        connector.start(to: url, settings: settings, timeout: timeout)
        let result = await withTaskCancellationHandler {
            await connector.result.value()
        } onCancel: {
            connector.cancel()
        }
        return try (result ?? .failure(.canceled)).get()
    }

    private func exchange(
        _ request: HTTPRequest, _ receive: (@Sendable ([UInt8]) -> Void)?
    ) async throws(HTTPError) -> HTTPResponse {
        let library = try CurlLibrary.open(settings.library)
        let end = time.uptime() + min(request.timeout, .endless)
        var current = request
        var redirects = 0
        while true {
            let response = try await repeatedAttempts(current, library, end: end, receive)
            guard
                let next = try Redirect.next(
                    after: current, status: response.status, location: response.headers["Location"], count: redirects)
            else { return response }
            current = next
            redirects += 1
        }
    }

    /// Sends a request until an attempt succeeds, or may not be repeated.
    private func repeatedAttempts(
        _ request: HTTPRequest, _ library: CurlLibrary, end: Duration, _ receive: (@Sendable ([UInt8]) -> Void)?
    ) async throws(HTTPError) -> HTTPResponse {
        var attempt = 1
        while true {
            let outcome = try await self.attempt(request, library, end: end, receive)
            let reason: RetryPolicy.Outcome
            switch outcome.result {
            case .success(let response):
                cookies.store(response.headers, from: request.url)
                reason = .status(response.status, retryAfter: retryAfter(response))
            case .failure(let error): reason = .failure(error, mayHaveArrived: outcome.mayHaveArrived)
            }
            guard !outcome.isStreamed,
                let delay = settings.retries.delay(
                    after: attempt, reason, isRepeatable: request.isRepeatable, random: time.random(),
                    remaining: end - time.uptime())
            else { return try outcome.result.get() }
            do { try await time.sleep(delay) } catch { throw .canceled }
            attempt += 1
        }
    }

    /// Sends a request once.
    private func attempt(
        _ request: HTTPRequest, _ library: CurlLibrary, end: Duration, _ receive: (@Sendable ([UInt8]) -> Void)?
    ) async throws(HTTPError) -> Transfer.Outcome {
        guard !Task.isCancelled else { throw .canceled }
        let remaining = end - time.uptime()
        guard remaining > .zero else { throw .timedOut(request.url.origin, request.timeout) }
        let transfer = Transfer(
            Transfer.Plan(
                request: request, settings: settings, cookies: cookies.header(for: request.url), limit: remaining),
            receive: receive)
        thread.perform(transfer, library)
        let outcome = await withTaskCancellationHandler {
            await transfer.outcome.value()
        } onCancel: { [thread] in
            transfer.outcome.set(.canceled)
            thread.cancel(transfer)
        }
        return outcome ?? .canceled
    }

    /// The pause that a response asks for, in seconds or until a date.
    private func retryAfter(_ response: HTTPResponse) -> Duration? {
        guard let text = response.headers["Retry-After"] else { return nil }
        if let seconds = Int(text), seconds >= 0 { return min(.seconds(min(seconds, 1 << 30)), .endless) }
        return HTTPDate.seconds(text).map { .seconds(max(0, $0 - time.date())) }
    }
}
