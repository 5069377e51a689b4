/// A request to a server.
package struct HTTPRequest: Sendable {
    package var method: String
    package var url: HTTPURL
    package var headers: HTTPHeaders
    package var body: [UInt8]?
    /// The limit of the whole exchange, with its redirects and repetitions.
    package var timeout: Duration = .seconds(60)
    /// The limit of opening a connection.
    package var connectTimeout: Duration = .seconds(20)
    /// The time with less than ``leastSpeed`` after which an attempt has failed, in whole seconds; nil for no such limit.
    package var stallTimeout: Duration?
    /// The bytes per second, of both directions together, below which an exchange stalls. A server that sends a byte now
    /// and then stalls too.
    static let leastSpeed = 64
    /// Whether the request may be sent again after it may have arrived.
    package var isRepeatable: Bool
    /// Whether redirects of GET and HEAD requests are followed.
    package var followsRedirects = true
    /// The greatest number of bytes of the response's body, unless it is passed on.
    package var maximumBody = 256 << 20
    /// The greatest number of bytes of the body of a response without success; nil for at most 16 MiB, and at most
    /// ``maximumBody``.
    package var maximumErrorBody: Int?
    /// The greatest number of bytes of a body that is passed on; nil for any number.
    package var maximumStream: Int?

    /// Creates a request. GET, HEAD, PUT, DELETE and OPTIONS requests are repeatable.
    package init(_ method: String, _ url: HTTPURL, headers: HTTPHeaders = [:], body: [UInt8]? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        isRepeatable = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"].contains(method)
    }

    /// Creates a GET request.
    package init(_ url: HTTPURL, headers: HTTPHeaders = [:]) { self.init("GET", url, headers: headers) }
}

/// A response of a server, also one with the status of an error.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// The URL that responded, after redirects.
    package var url: HTTPURL

    /// Creates a response.
    package init(status: Int, headers: HTTPHeaders, body: [UInt8], url: HTTPURL) {
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url
    }

    /// Whether the status is one of success (2xx).
    package var isSuccess: Bool { 200..<300 ~= status }
}

// Bodies may be secrets.
extension HTTPRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The method and the URL without its secrets.
    package var description: String { "\(method) \(url)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension HTTPResponse: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The status and the URL without its secrets.
    package var description: String { "\(status) \(url)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
