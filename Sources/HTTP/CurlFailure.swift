import GalleyCCurl
import Glibc

extension HTTPError {
    /// Creates the error of a transfer that ended with a code of libcurl.
    ///
    /// libcurl's own description of an error may repeat what the server has sent. Only that of certificates, which does
    /// not, becomes part of the error.
    ///
    /// - Parameters:
    ///   - connectLimit: The time that the transfer had to open a connection.
    ///   - limit: The time for the whole exchange.
    init(
        code: Int32, of handle: CurlHandle, origin: HTTPURL.Origin, proxy: ProxyServer?, connectLimit: Duration,
        limit: Duration
    ) {
        let text = handle.library.text(of: code)
        let connectCode = handle.number(CCURL_CONNECT_CODE)
        // The proxy's response to a request for a tunnel.
        if let proxy, connectCode > 0, connectCode != 200 {
            self = .proxy("\(proxy)", reason: "it responded with status \(connectCode)")
            return
        }
        let isSent = handle.number(CCURL_REQUEST_SIZE) > 0
        switch UInt32(bitPattern: code) {
        case CCURL_UNSUPPORTED_PROTOCOL.rawValue where isSent:
            self = .broken(origin, reason: "the response is no HTTP")
        case CCURL_MALFORMED_URL.rawValue, CCURL_UNSUPPORTED_PROTOCOL.rawValue: self = .invalidURL(reason: text)
        case CCURL_UNRESOLVED_HOST.rawValue: self = .unresolved(host: origin.host)
        case CCURL_UNRESOLVED_PROXY.rawValue, CCURL_PROXY_FAILED.rawValue:
            self = .proxy(proxy.map { "\($0)" } ?? "", reason: text)
        case CCURL_NOT_CONNECTED.rawValue:
            let number = handle.number(CCURL_SYSTEM_ERROR)
            // Safe because the text is copied at once.
            let reason = number > 0 ? unsafe String(cString: strerror(Int32(clamping: number))) : text
            self = proxy.map { .proxy("\($0)", reason: reason) } ?? .refused(origin, reason: reason)
        case CCURL_TIMED_OUT.rawValue:
            self = .timedOut(origin, isSent ? limit : min(connectLimit, limit))
        case CCURL_PEER_UNVERIFIED.rawValue, CCURL_ISSUER_ERROR.rawValue, CCURL_INVALID_CERTIFICATE_STATUS.rawValue,
            CCURL_BAD_CA_FILE.rawValue:
            self = .certificate(origin, reason: handle.errorText ?? text)
        case CCURL_OUT_OF_MEMORY.rawValue where isSent:
            // libcurl also says so if a line of the header is longer than 100 kB.
            self = .broken(origin, reason: "a line of the response is too long, or no memory is left")
        case CCURL_OUT_OF_MEMORY.rawValue: self = .noResources(reason: "no memory is left")
        case CCURL_ABORTED.rawValue: self = .canceled
        default: self = .broken(origin, reason: text)
        }
    }
}
