import GalleyCCurl
import Glibc

/// A transfer of libcurl, with its settings.
///
/// Safe because only one thread at a time uses it, and libcurl copies or receives what it keeps: the list and the buffer
/// are freed after the transfer.
@safe final class CurlHandle {
    let library: CurlLibrary
    let pointer: UnsafeMutableRawPointer
    private let errorBuffer: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutableRawPointer?

    /// Creates a transfer with the settings that all transfers share.
    ///
    /// - Throws: ``HTTPError/noResources(reason:)``.
    init(_ library: CurlLibrary) throws(HTTPError) {
        guard let pointer = unsafe ccurl_create(library.pointer) else {
            throw .noResources(reason: "no memory is left")
        }
        self.library = library
        unsafe self.pointer = unsafe pointer
        unsafe errorBuffer = .allocate(capacity: Int(CCURL_ERROR_SIZE))
        unsafe errorBuffer.initialize(repeating: 0, count: Int(CCURL_ERROR_SIZE))
        unsafe ccurl_set_error_buffer(library.pointer, pointer, errorBuffer)
        // Without this, libcurl changes signal handlers of the process.
        set(CCURL_NO_SIGNAL, 1)
        set(CCURL_PROTOCOLS, Self.httpAndHTTPS)
        set(CCURL_FOLLOW_LOCATION, 0)
        set(CCURL_HTTP_VERSION, Self.http11)
        set(CCURL_HTTP09_ALLOWED, 0)
        set(CCURL_SSL_VERSION, Self.tls12)
        set(CCURL_VERIFY_PEER, 1)
        set(CCURL_VERIFY_HOST, 2)
        // The response's body is never larger than what arrives.
        set(CCURL_CONTENT_DECODING, 0)
        set(CCURL_PATH_AS_IS, 1)
        set(CCURL_SUPPRESS_CONNECT_HEADERS, 1)
        set(CCURL_NO_DELAY, 1)
        set(CCURL_KEEP_ALIVE, 1)
        set(CCURL_KEEP_ALIVE_IDLE, 30)
        set(CCURL_KEEP_ALIVE_INTERVAL, 15)
        // Without this, ending a transfer waits for the resolver of names.
        set(CCURL_QUICK_EXIT, 1)
        // The settings contain the proxies. libcurl would read the environment again.
        set(CCURL_PROXY, "")
        set(CCURL_NO_PROXY, "")
    }

    private static let httpAndHTTPS = 3
    private static let http11 = 2
    private static let tls12 = 6

    deinit {
        unsafe ccurl_free(library.pointer, pointer)
        if let headerList = unsafe headerList { unsafe ccurl_free_list(library.pointer, headerList) }
        unsafe errorBuffer.deallocate()
    }

    /// Sets a number. An option that this version of libcurl does not know stays unset.
    func set(_ option: ccurl_number_option, _ value: Int) {
        unsafe _ = ccurl_set_number(library.pointer, pointer, Int32(option.rawValue), value)
    }

    /// Sets a text, which libcurl copies.
    func set(_ option: ccurl_text_option, _ value: String) {
        unsafe _ = ccurl_set_text(library.pointer, pointer, Int32(option.rawValue), value)
    }

    /// Sets the limits of time.
    func setTimeouts(connect: Duration, total: Duration?) {
        set(CCURL_CONNECT_TIMEOUT_MS, connect.timeoutMilliseconds)
        if let total { set(CCURL_TIMEOUT_MS, total.timeoutMilliseconds) }
    }

    /// Sets the body, which libcurl copies.
    func setBody(_ body: [UInt8]) throws(HTTPError) {
        guard unsafe ccurl_set_body(library.pointer, pointer, body, body.count) == 0 else {
            throw .noResources(reason: "no memory is left")
        }
    }

    /// Sets the header lines, such as "Accept: text/html".
    func setHeaders(_ lines: [String]) throws(HTTPError) {
        for line in lines {
            guard let list = unsafe ccurl_append(library.pointer, headerList, line) else {
                throw .noResources(reason: "no memory is left")
            }
            unsafe headerList = unsafe list
        }
        unsafe _ = ccurl_set_headers(library.pointer, pointer, headerList)
    }

    /// Sets the route to a server: its URL, the proxy, and the authorities that vouch for certificates.
    func setRoute(to url: HTTPURL, proxy: ProxyServer?, certificates: String?) throws(HTTPError) {
        set(CCURL_URL, url.text)
        if let proxy {
            set(CCURL_PROXY, "\(proxy)")
            if let user = proxy.user {
                set(CCURL_PROXY_USER_NAME, user)
                set(CCURL_PROXY_PASSWORD, proxy.password ?? "")
            }
        }
        guard url.scheme == .https || proxy?.scheme == .https else { return }
        switch try CertificateAuthorities.find(certificates, libraryFile: defaultCertificateFile) {
        case .ofLibrary: break
        case .file(let path):
            set(CCURL_CA_FILE, path)
            set(CCURL_PROXY_CA_FILE, path)
        case .folder(let path):
            set(CCURL_CA_FOLDER, path)
            set(CCURL_PROXY_CA_FOLDER, path)
        }
    }

    private var defaultCertificateFile: String? {
        // Safe because the text is copied while the transfer exists.
        guard let path = unsafe ccurl_default_ca_file(library.pointer, pointer) else { return nil }
        return unsafe String(cString: path)
    }

    /// Returns a fact; -1 if libcurl does not know it.
    func number(_ info: ccurl_number_info) -> Int {
        unsafe ccurl_number(library.pointer, pointer, Int32(info.rawValue))
    }

    /// libcurl's description of the last error, without control characters; nil if there is none.
    var errorText: String? {
        // Safe because libcurl ends the text within the buffer.
        let text = unsafe String(cString: errorBuffer)
        return text.isEmpty ? nil : String(text.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) })
    }
}

extension Duration {
    /// The milliseconds for libcurl, for which 0 means no limit.
    fileprivate var timeoutMilliseconds: Int {
        let milliseconds = self / .milliseconds(1)
        return milliseconds < 1 ? 1 : milliseconds > 1e9 ? 1_000_000_000 : Int(milliseconds)
    }
}
