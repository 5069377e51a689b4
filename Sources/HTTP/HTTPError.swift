/// The reasons why a request has no response.
///
/// No case contains a query, a header or a body: they may hold secrets.
package enum HTTPError: Error, Hashable, Sendable {
    /// The system has no usable library with this name.
    case libraryMissing(name: String)
    /// The text is no URL of a server.
    case invalidURL(reason: String)
    /// The request cannot be sent as it is.
    case invalidRequest(reason: String)
    /// The name of the host has no address.
    case unresolved(host: String)
    /// The server accepts no connection.
    case refused(HTTPURL.Origin, reason: String)
    /// The server did not respond in time.
    case timedOut(HTTPURL.Origin, Duration)
    /// The server's certificate is not valid.
    case certificate(HTTPURL.Origin, reason: String)
    /// The file or folder of certificates that the environment names cannot be read.
    case certificateFile(path: String)
    /// A chain of redirects has no end.
    case tooManyRedirects(HTTPURL.Origin)
    /// A redirect leads from an encrypted connection to a plain one.
    case unsafeRedirect(from: HTTPURL.Origin, to: HTTPURL.Origin)
    /// The response is larger than the request allows.
    case bodyTooLarge(HTTPURL.Origin, limit: Int)
    /// The task was canceled.
    case canceled
    /// The connection failed, or the response is no HTTP.
    case broken(HTTPURL.Origin, reason: String)
    /// The proxy did not open a way to the server.
    case proxy(String, reason: String)
    /// The system lacks memory or threads.
    case noResources(reason: String)
}

extension HTTPError {
    /// Whether the next attempt may succeed.
    package var isTransient: Bool {
        switch self {
        case .unresolved, .refused, .timedOut, .broken, .proxy, .noResources: true
        case .libraryMissing, .invalidURL, .invalidRequest, .certificate, .certificateFile, .tooManyRedirects,
            .unsafeRedirect, .bodyTooLarge, .canceled:
            false
        }
    }
}

extension HTTPError: CustomStringConvertible {
    /// What failed, why, and how to fix it.
    package var description: String {
        switch self {
        case .libraryMissing(let name):
            "\(name) cannot be opened, and connections to servers need it. Install the package libcurl4 (Debian, "
                + "Ubuntu) or libcurl (other distributions). Notebooks run with kernels of this machine without it"
        case .invalidURL(let reason): "The URL is not valid: \(reason)"
        case .invalidRequest(let reason): "The request cannot be sent: \(reason)"
        case .unresolved(let host): "The host \(host) is not known: its name has no address. Check the URL"
        case .refused(let origin, let reason): "\(origin) accepts no connection: \(reason)"
        case .timedOut(let origin, let limit): "\(origin) did not respond within \(limit.secondsText)"
        case .certificate(let origin, let reason):
            "The certificate of \(origin) is not trusted: \(reason). If a private authority signed it, set "
                + "SSL_CERT_FILE to the file with the certificate of that authority"
        case .certificateFile(let path):
            "The certificates in \(path) cannot be read. Check the variables SSL_CERT_FILE, CURL_CA_BUNDLE and "
                + "REQUESTS_CA_BUNDLE"
        case .tooManyRedirects(let origin):
            "\(origin) redirects the request more than \(Redirect.limit) times. Check the URL"
        case .unsafeRedirect(let from, let to):
            "\(from) redirects to \(to), which is not encrypted. The redirect was not followed"
        case .bodyTooLarge(let origin, let limit): "The response of \(origin) has more than \(limit) bytes"
        case .canceled: "The request was canceled"
        case .broken(let origin, let reason): "The connection to \(origin) failed: \(reason)"
        case .proxy(let proxy, let reason):
            "The proxy \(proxy) opens no connection: \(reason). Check the variables https_proxy, http_proxy, all_proxy "
                + "and no_proxy"
        case .noResources(let reason): "No connection can be opened: \(reason)"
        }
    }
}

extension Duration {
    /// The duration in seconds, such as "0.5 s".
    fileprivate var secondsText: String {
        let (seconds, attoseconds) = components
        let tenths = attoseconds / 100_000_000_000_000_000
        return tenths == 0 ? "\(seconds) s" : "\(seconds).\(tenths) s"
    }
}
