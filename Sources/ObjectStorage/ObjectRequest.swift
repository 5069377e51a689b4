import GalleyHTTP
import GalleyStorage

/// A request to a store, before it has a date, a region and a signature.
struct ObjectRequest: Sendable {
    var method: String
    var bucket: String
    /// Nil for a request about the bucket.
    var key: String?
    var query: [(name: String, value: String)] = []
    var headers: HTTPHeaders = [:]
    var body: [UInt8]?
    /// The SHA-256 of the body.
    var payload: [UInt8]
    /// The permission that the request needs, such as `s3:GetObject`.
    var action: String
    /// The location in messages.
    var place: String
    var maximumBody = 16 << 20
    /// The greatest number of bytes that a sink receives in an attempt; nil for any.
    var maximumStream: Int?
    /// The statuses of errors that are an answer.
    var accepted: Set<Int> = []
    /// The time without progress after which an attempt has failed.
    var stallTimeout = Duration.seconds(60)
    /// The limit of an attempt; nil for that of all requests.
    var timeout: Duration?
    /// The greatest number of attempts; nil for the configured one.
    var maximumAttempts: Int?

    /// Creates a request about an object, or about its bucket.
    init(_ method: String, _ address: ObjectAddress, isAboutBucket: Bool = false, body: [UInt8]? = nil, action: String)
    {
        self.method = method
        bucket = address.bucket
        key = isAboutBucket ? nil : address.key
        self.body = body
        payload = SHA256.digest(of: body ?? [])
        self.action = action
        place = isAboutBucket ? "\(address.scheme)://\(address.bucket)/" : address.location.text
    }
}

/// The part of an answer that says what failed.
struct StoreReply: Sendable {
    let status: Int
    /// The code, such as `NoSuchKey`; empty if the answer has none.
    let code: String
    /// The store's sentence. It may repeat what was sent.
    let message: String
    /// The region of the bucket, if the answer has it.
    let region: String?
    /// The store's time, in seconds since the beginning of 1970.
    let date: Int?
    let retryAfter: Int?

    /// The codes of errors after which a request is sent again.
    static let transientCodes: Set<String> = throttlingCodes.union([
        "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure", "ServiceUnavailable",
        "SlowDown", "BadDigest", "XAmzContentSHA256Mismatch", "OperationAborted", "PriorRequestNotComplete",
        "IncompleteBody", "EC2ThrottledException",
    ])
    /// The codes of a store that has too many requests.
    static let throttlingCodes: Set<String> = [
        "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
        "RequestThrottledException", "TooManyRequestsException", "TooManyRequests", "RequestLimitExceeded",
        "BandwidthLimitExceeded", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "LimitExceededException",
    ]

    /// Reads an answer. A body that is no XML of a store, such as a page of a proxy, is ignored.
    init(_ response: HTTPResponse) {
        // The contents of an object are no message.
        let isMessage = !response.isSuccess || response.body.count < 1 << 16
        var root = isMessage ? try? XMLReader.read(response.body) : nil
        if root?.name == "ErrorResponse" { root = root?["Error"] }
        let error = root?.name == "Error" ? root : nil
        // An error after the header of a success is one of the store itself.
        status = response.isSuccess && error != nil ? 500 : response.status
        code = Self.code(error?["Code"]?.text ?? response.headers["x-amz-error-code"] ?? "")
        message = error?["Message"]?.text ?? ""
        let region = response.headers["x-amz-bucket-region"] ?? error?["Region"]?.text
        self.region = region.flatMap { ObjectEndpoint.isRegion($0) ? $0 : nil }
        date = response.headers["Date"].flatMap { HTTPDate.seconds($0) }
        retryAfter = response.headers["Retry-After"].flatMap { Int($0) }.flatMap { 0...300 ~= $0 ? $0 : nil }
    }

    /// Returns the code in a text; an empty one if the text is no code, such as a part of the request.
    private static func code(_ text: String) -> String {
        let isCode =
            text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                let isUppercase = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                return isUppercase || byte.isLowercaseLetter || byte.isDigit || "._-:".utf8.contains(byte)
            }
        return isCode ? text : ""
    }

    /// Returns the error for a request that fails with this answer.
    func error(for request: ObjectRequest, _ keys: AWSCredentials?) -> ObjectStorageError {
        let accessKeyID = keys?.accessKeyID
        let (place, key) = (request.place, accessKeyID ?? "")
        switch code {
        case "NoSuchBucket": return .noSuchBucket(place)
        case "NoSuchKey": return .notFound(place)
        case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurity", "InvalidClientTokenId", "InvalidToken":
            return .wrongKeys(place, accessKeyID: key, code: code)
        case _ where Self.expirationCodes.contains(code): return .expiredKeys(place, accessKeyID: key)
        case "RequestTimeTooSkewed": return .wrongClock(place)
        case "InvalidBucketName": return .invalidLocation(place, reason: "the store does not accept the bucket's name")
        case "KeyTooLongError": return .invalidLocation(place, reason: "the key is longer than 1,024 bytes; shorten it")
        case "AccessDenied", "AllAccessDisabled", "AccountProblem":
            return .accessDenied(place, action: request.action, accessKeyID: accessKeyID)
        default: break
        }
        switch status {
        case 403 where code.isEmpty: return .accessDenied(place, action: request.action, accessKeyID: accessKeyID)
        case 404 where code.isEmpty: return .notFound(place)
        default:
            let secrets = [keys?.secretAccessKey, keys?.sessionToken].compactMap(\.self)
            let line = AnswerText.line(message, hiding: secrets) ?? ""
            return .refused(place, operation: request.action, status: status, code: code, message: line)
        }
    }

    /// The codes that say that temporary keys have expired.
    static let expirationCodes: Set<String> = [
        "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired",
    ]
}
