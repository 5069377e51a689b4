import GalleyHTTP

/// The address of a store, and how the URLs of its objects are made.
struct ObjectEndpoint: Sendable {
    /// The server; nil for AWS, whose hosts contain the region.
    private let server: HTTPURL?
    private let usesPathStyle: Bool?
    /// The names in requests.
    let dialect: SignatureV4.Dialect
    /// The region of requests, unless the bucket is known to be in another one.
    let region: String

    /// The region of AWS to ask first where none is configured. It redirects to the region of the bucket.
    static let firstRegion = "us-east-1"

    /// Creates the address of a store that is configured as for the tools of AWS.
    init(_ configuration: AWSConfiguration) throws(ObjectStorageError) {
        dialect = .amazon
        let region = configuration.region ?? Self.firstRegion
        guard Self.isRegion(region) else {
            throw .invalidConfiguration(
                reason: "The region of the store is not valid: it consists of letters, digits and '-'. Check AWS_REGION"
            )
        }
        self.region = region
        usesPathStyle = configuration.usesPathStyle
        server = try configuration.endpoint.map { text throws(ObjectStorageError) in try Self.server(text) }
    }

    /// Creates the address of Google's store.
    ///
    /// - Parameter url: The URL of another server with the same protocol; nil for Google's.
    init(google url: String?) throws(ObjectStorageError) {
        dialect = .google
        region = "auto"
        usesPathStyle = true
        server = try Self.server(url ?? "https://storage.googleapis.com")
    }

    private static func server(_ text: String) throws(ObjectStorageError) -> HTTPURL {
        do throws(HTTPError) {
            return try HTTPURL(parsing: text)
        } catch {
            throw .invalidConfiguration(
                reason:
                    "The address of the store is not valid. \(error). Check AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL")
        }
    }

    /// Whether the store is known to heed the conditions of writes.
    var heedsConditions: Bool {
        guard let server else { return true }
        return ["amazonaws.com", "amazonaws.com.cn", "storage.googleapis.com"].contains { host in
            server.host == host || server.host.hasSuffix("." + host)
        }
    }

    /// Whether the store is AWS itself, so that a region has a host.
    var isAmazon: Bool { server == nil }

    /// The origin of the store for messages.
    var name: String { server.map { "\($0.origin)" } ?? "Amazon S3" }

    /// Whether a text may be a region, and so a part of a host name.
    static func isRegion(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 63 && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.allSatisfy { $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
    }

    /// Returns the server, and the encoded path, of an object or of a bucket.
    func target(bucket: String, key: String?, region: String) throws(HTTPError) -> (server: HTTPURL, path: String) {
        let path = key.map { "/" + Self.encodedKey($0) } ?? ""
        var base: HTTPURL
        if let server {
            base = server
        } else {
            let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
            base = try HTTPURL(parsing: "https://s3.\(region).\(suffix)")
        }
        var prefix = base.path
        while prefix.utf8.last == UInt8(ascii: "/") { prefix.removeLast() }
        guard !(usesPathStyle ?? (server != nil)), Self.canBeHost(bucket) else {
            return (base, "\(prefix)/\(URLEncoding.component(bucket))\(path)")
        }
        let port = base.port.map { ":\($0)" } ?? ""
        base = try HTTPURL(parsing: "\(base.scheme.rawValue)://\(bucket).\(base.host)\(port)")
        return (base, prefix + (path.isEmpty ? "/" : path))
    }

    /// Returns a key as it is in a path: each byte that is no letter, digit, `-`, `.`, `_`, `~` or `/` is encoded.
    static func encodedKey(_ key: String) -> String {
        key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { URLEncoding.component(String(Substring($0))) }.joined(separator: "/")
    }

    /// Whether a bucket's name can be the first label of a host. A dot would make the certificate invalid.
    private static func canBeHost(_ bucket: String) -> Bool {
        3...63 ~= bucket.utf8.count && bucket.utf8.first != UInt8(ascii: "-")
            && bucket.utf8.last != UInt8(ascii: "-")
            && bucket.utf8.allSatisfy { $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
    }
}

extension UInt8 {
    var isLowercaseLetter: Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= self }
    var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}
