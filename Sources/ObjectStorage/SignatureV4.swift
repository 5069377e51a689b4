import GalleyHTTP

/// The signature of requests to AWS, version 4, in the `Authorization` field.
struct SignatureV4: Sendable {
    /// The names that the protocol uses.
    struct Dialect: Sendable {
        let algorithm: String
        /// The beginning of the first key.
        let keyPrefix: String
        /// The end of the scope.
        let terminator: String
        /// The beginning of the store's own field names, such as `x-amz-`.
        let fieldPrefix: String

        /// That of AWS.
        static let amazon = Dialect(
            algorithm: "AWS4-HMAC-SHA256", keyPrefix: "AWS4", terminator: "aws4_request", fieldPrefix: "x-amz-")
        /// That of Google, with keys for interoperability.
        static let google = Dialect(
            algorithm: "GOOG4-HMAC-SHA256", keyPrefix: "GOOG4", terminator: "goog4_request", fieldPrefix: "x-goog-")
    }

    let dialect: Dialect
    let region: String
    let service: String
    /// The hash of requests whose body is not part of the signature.
    static let emptyHash = SHA256.digest(of: []).hexadecimal

    /// Creates a signature for a service such as `s3` or `sts`.
    init(_ dialect: Dialect = .amazon, region: String, service: String = "s3") {
        (self.dialect, self.region, self.service) = (dialect, region, service)
    }

    /// A request as it is signed.
    struct Request: Sendable {
        var method: String
        /// The path as it is sent, encoded once and not normalized.
        var path: String
        /// The names and values of the query, decoded.
        var query: [(name: String, value: String)] = []
        /// All fields to sign, with `Host`.
        var headers: HTTPHeaders
        /// The hexadecimal SHA-256 of the body.
        var payloadHash: String
    }

    /// Signs a request: adds the fields for the date, the token and the signature.
    ///
    /// - Parameters:
    ///   - date: The seconds since the beginning of 1970.
    ///   - hashField: Whether the hash of the body is a field, as S3 requires.
    func sign(_ request: inout Request, with credentials: AWSCredentials, date: Int, hashField: Bool = true) {
        let time = SignatureDate(date)
        request.headers.set("\(dialect.fieldPrefix)date", time.text)
        if hashField { request.headers.set("\(dialect.fieldPrefix)content-sha256", request.payloadHash) }
        if let token = credentials.sessionToken { request.headers.set("\(dialect.fieldPrefix)security-token", token) }
        let fields = Self.canonicalFields(request.headers)
        let signature = signature(of: stringToSign(Self.canonicalRequest(request), time), credentials, time)
        request.headers.set(
            "Authorization",
            "\(dialect.algorithm) Credential=\(credentials.accessKeyID)/\(scope(time)), "
                + "SignedHeaders=\(fields.map(\.name).joined(separator: ";")), Signature=\(signature)")
    }

    /// Returns the query as it is sent and signed: encoded and sorted, without the question mark.
    static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
        query.map { (URLEncoding.component($0.name), URLEncoding.component($0.value)) }
            .sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 < $1.0 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// Returns the lines that the signature covers.
    static func canonicalRequest(_ request: Request) -> String {
        let fields = canonicalFields(request.headers)
        return [
            request.method, request.path, canonicalQuery(request.query),
            fields.map { "\($0.name):\($0.value)\n" }.joined(),
            fields.map(\.name).joined(separator: ";"), request.payloadHash,
        ].joined(separator: "\n")
    }

    /// Returns the text that is signed.
    func stringToSign(_ canonicalRequest: String, _ time: SignatureDate) -> String {
        let hash = SHA256.digest(of: Array(canonicalRequest.utf8)).hexadecimal
        return "\(dialect.algorithm)\n\(time.text)\n\(scope(time))\n\(hash)"
    }

    private func scope(_ time: SignatureDate) -> String {
        "\(time.day)/\(region)/\(service)/\(dialect.terminator)"
    }

    private func signature(of text: String, _ credentials: AWSCredentials, _ time: SignatureDate) -> String {
        var key = Array((dialect.keyPrefix + credentials.secretAccessKey).utf8)
        for part in [time.day, region, service, dialect.terminator, text] {
            key = SHA256.authenticate(Array(part.utf8), key: key)
        }
        return key.hexadecimal
    }

    /// Returns the fields in lowercase, sorted, with the values of one name joined.
    private static func canonicalFields(_ headers: HTTPHeaders) -> [(name: String, value: String)] {
        var values: [String: [String]] = [:]
        for field in headers.fields { values[field.name.lowercased(), default: []].append(trimmed(field.value)) }
        return values.map { ($0.key, $0.value.joined(separator: ",")) }.sorted { $0.0 < $1.0 }
    }

    /// Returns a value without spaces at its ends and with single spaces within.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}

/// The time of a signature, in UTC.
struct SignatureDate: Hashable, Sendable {
    /// The date alone, such as `20150830`.
    let day: String
    /// The date and time, such as `20150830T123600Z`.
    let text: String

    /// Creates a time from the seconds since the beginning of 1970.
    init(_ seconds: Int) {
        let (days, rest) = (seconds.floorDivided(by: 86_400), seconds - seconds.floorDivided(by: 86_400) * 86_400)
        // The year begins in March here, so that a leap day is its last.
        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let date = (
            year: yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month: month < 10 ? month + 3 : month - 9,
            day: dayOfYear - (153 * month + 2) / 5 + 1
        )
        day = date.year.digits(4) + date.month.digits(2) + date.day.digits(2)
        text = day + "T" + (rest / 3600).digits(2) + (rest / 60 % 60).digits(2) + (rest % 60).digits(2) + "Z"
    }
}

extension Int {
    fileprivate func floorDivided(by divisor: Int) -> Int {
        self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor)
    }

    fileprivate func digits(_ count: Int) -> String {
        let text = String(self)
        return String(repeating: "0", count: Swift.max(0, count - text.utf8.count)) + text
    }
}
