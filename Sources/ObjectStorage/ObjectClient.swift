import GalleyHTTP
import GalleyStorage
import Synchronization

/// Sends signed requests to one store, and repeats those that may succeed the next time.
final class ObjectClient: Sendable {
    /// The facts that requests have found out.
    private struct Memory {
        /// The region of each bucket that is not in the configured one.
        var regions: [String: String] = [:]
        /// The seconds by which the store's clock is later than that of this machine.
        var clockOffset = 0
        /// Whether the buckets heed conditions, where it is known.
        var conditions: [String: Bool] = [:]
        /// The buckets that are known to heed the condition that an object is new.
        var newness: Set<String> = []
        /// The buckets of which a warning was given.
        var warned: Set<String> = []
        var acceptsChecksums = true
    }

    /// What a client needs.
    struct Settings: Sendable {
        var endpoint: ObjectEndpoint
        var credentials: any AWSCredentialSource
        var maximumAttempts = 3
        /// The limit of an attempt to remove the parts of an upload that has failed.
        var abortLimit = Duration.seconds(2)
    }

    let settings: Settings
    private let http: HTTPClient
    let time: HTTPTime
    private let memory = Mutex(Memory())

    /// The limit of one exchange. Transfers without progress end much earlier.
    private static let timeout = Duration.seconds(6 * 3600)

    /// Creates a client. It opens nothing until the first request.
    init(_ settings: Settings, http: HTTPSettings, time: HTTPTime = .system) {
        self.settings = settings
        self.time = time
        var http = http
        // This client repeats requests itself, as each attempt needs a signature of its own.
        http.retries = .never
        self.http = HTTPClient(http, time: time)
    }

    /// The greatest number of bytes of the body of an error.
    private static let errorLimit = 1 << 20

    /// The response to a request.
    struct Answer: Sendable {
        var response: HTTPResponse
        /// The error code; empty for success.
        var code = ""
    }

    /// Sends a request until it succeeds, or may not be repeated.
    ///
    /// - Parameter sink: Receives the body of a successful response instead of the answer.
    /// - Throws: ``ObjectStorageError`` if there is no response, or one with an error that the request does not accept.
    ///   At once if the task is canceled.
    func send(_ request: ObjectRequest, into sink: (any ObjectSink)? = nil) async throws(ObjectStorageError) -> Answer {
        var attempts = RequestAttempts(maximum: request.maximumAttempts ?? settings.maximumAttempts)
        while true {
            let keys = try await credentials()
            let region = memory.withLock { $0.regions[request.bucket] } ?? settings.endpoint.region
            let offset = memory.withLock { $0.clockOffset }
            let date = time.date() + offset
            let signed = try httpRequest(request, keys, region: region, date: date)
            let outcome = await exchange(signed, into: sink)
            let context = RequestAttempts.Context(
                method: request.method, region: region, date: date, hasToken: keys?.sessionToken != nil,
                random: time.random())
            let step: RequestAttempts.Step
            let end: Result<Answer, ObjectStorageError>
            switch outcome {
            case .success(let response):
                if response.isSuccess, request.method != "POST" { return Answer(response: response) }
                // A success whose body is an error exists for requests that take the store some time.
                let reply = StoreReply(response)
                if response.isSuccess, reply.code.isEmpty { return Answer(response: response) }
                step = attempts.next(after: .reply(reply), context)
                end =
                    request.accepted.contains(reply.status)
                    ? .success(Answer(response: response, code: reply.code))
                    : .failure(error(reply, request, keys))
            case .failure(.canceled): throw .canceled(request.place)
            case .failure(let failure):
                step = attempts.next(after: .failure(failure), context)
                end = .failure(Self.error(failure, request))
            }
            switch step {
            case .finish: return try end.get()
            case .wait(let pause): do { try await time.sleep(pause) } catch { throw .canceled(request.place) }
            case .useRegion(let region): memory.withLock { $0.regions[request.bucket] = region }
            case .renewKeys: if let keys { await settings.credentials.discard(keys) }
            case .correctClock(let seconds): memory.withLock { $0.clockOffset = offset + seconds }
            }
        }
    }

    private func exchange(
        _ request: HTTPRequest, into sink: (any ObjectSink)?
    ) async -> Result<HTTPResponse, HTTPError> {
        sink?.restart()
        do throws(HTTPError) {
            guard let sink else { return .success(try await http.send(request)) }
            return .success(try await http.stream(request) { sink.receive($0) })
        } catch {
            return .failure(error)
        }
    }

    private func credentials() async throws(ObjectStorageError) -> AWSCredentials? {
        do {
            return try await settings.credentials.credentials()
        } catch let error as ObjectStorageError {
            throw error
        } catch is CancellationError {
            throw .canceled("the keys of the store")
        } catch {
            throw .noCredentials(reason: "\(error)", isTransient: (error as? any StorageFault)?.isTransient ?? false)
        }
    }

    /// Returns a request with its URL and its signature.
    private func httpRequest(
        _ request: ObjectRequest, _ keys: AWSCredentials?, region: String, date: Int
    ) throws(ObjectStorageError) -> HTTPRequest {
        let server: HTTPURL
        let path: String
        do throws(HTTPError) {
            (server, path) = try settings.endpoint.target(bucket: request.bucket, key: request.key, region: region)
        } catch {
            throw .invalidLocation(request.place, reason: "\(error)")
        }
        let query = SignatureV4.canonicalQuery(request.query)
        let url = HTTPURL(server: server, exactPath: path, query: query.isEmpty ? nil : query)
        var signed = SignatureV4.Request(
            method: request.method, path: path, query: request.query, headers: request.headers,
            payloadHash: request.payload.hexadecimal)
        if let keys {
            signed.headers.set("Host", String("\(server.origin)".drop { $0 != "/" }.dropFirst(2)))
            SignatureV4(settings.endpoint.dialect, region: region, service: service)
                .sign(&signed, with: keys, date: date)
            signed.headers.remove("Host")
        }
        var result = HTTPRequest(request.method, url, headers: signed.headers, body: request.body)
        result.followsRedirects = false
        result.maximumBody = request.maximumBody
        (result.maximumErrorBody, result.maximumStream) = (Self.errorLimit, request.maximumStream)
        result.timeout = request.timeout ?? Self.timeout
        result.stallTimeout = request.stallTimeout
        return result
    }

    private var service: String { settings.endpoint.dialect.fieldPrefix == "x-goog-" ? "storage" : "s3" }

    private func error(_ reply: StoreReply, _ request: ObjectRequest, _ keys: AWSCredentials?) -> ObjectStorageError {
        if [301, 307].contains(reply.status), reply.code.isEmpty, reply.region == nil {
            return .invalidAnswer(request.place, reason: "it redirects to another server, without a region")
        }
        if [301, 307].contains(reply.status) || reply.code == "AuthorizationHeaderMalformed" {
            return .wrongRegion(
                request.place, region: memory.withLock { $0.regions[request.bucket] } ?? settings.endpoint.region)
        }
        return reply.error(for: request, keys)
    }

    private static func error(_ failure: HTTPError, _ request: ObjectRequest) -> ObjectStorageError {
        switch failure {
        case .bodyTooLarge(_, let limit) where limit == request.maximumStream ?? request.maximumBody:
            .tooLarge(request.place, limit: limit)
        case .bodyTooLarge(_, let limit):
            .invalidAnswer(request.place, reason: "its error has more than \(limit) bytes")
        case .timedOut(let origin, _):
            .unreachable(
                request.place,
                reason: "\(origin) sent nothing, or almost nothing, for \(request.stallTimeout.components.seconds) s",
                isTransient: true)
        default: .unreachable(request.place, reason: "\(failure)", isTransient: failure.isTransient)
        }
    }
}

extension ObjectClient {
    /// Whether a bucket heeds the conditions of writes; nil if it is not known.
    func heedsConditions(_ bucket: String) -> Bool? {
        settings.endpoint.heedsConditions ? true : memory.withLock { $0.conditions[bucket] }
    }

    /// Remembers whether a bucket heeds the conditions of writes.
    func setHeedsConditions(_ bucket: String, _ heeds: Bool) { memory.withLock { $0.conditions[bucket] = heeds } }

    /// Whether a bucket is known to heed the condition that an object is new.
    func heedsNewness(_ bucket: String) -> Bool { memory.withLock { $0.newness.contains(bucket) } }

    /// Remembers that a bucket heeds the condition that an object is new.
    func setHeedsNewness(_ bucket: String) { memory.withLock { _ = $0.newness.insert(bucket) } }

    /// Returns true once per bucket.
    func mayWarn(about bucket: String) -> Bool { memory.withLock { $0.warned.insert(bucket).inserted } }

    /// Whether requests carry checksums besides the signature.
    var sendsChecksums: Bool {
        settings.endpoint.dialect.fieldPrefix == "x-amz-" && memory.withLock { $0.acceptsChecksums }
    }

    /// Remembers that the store refuses checksums.
    func stopSendingChecksums() { memory.withLock { $0.acceptsChecksums = false } }
}

/// A receiver of the body of a response.
protocol ObjectSink: Sendable {
    /// Forgets what has arrived, as a new attempt begins.
    func restart()
    /// Takes the next bytes, on the thread of the client.
    func receive(_ bytes: [UInt8])
}
