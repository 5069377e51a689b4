/// How a client connects.
package struct HTTPSettings: Sendable {
    /// The file or folder of the certificate authorities to trust; nil for those of the system.
    package var certificates: String?
    /// The proxies between this machine and servers.
    package var proxies = ProxySettings()
    /// The name that the client sends to servers.
    package var userAgent = "galley"
    /// How often and when a failed request is repeated.
    package var retries = RetryPolicy()
    /// The file name of libcurl.
    package var library = "libcurl.so.4"

    /// Creates settings that are independent of the environment.
    package init() {}

    /// Creates settings from environment variables: `SSL_CERT_FILE`, `CURL_CA_BUNDLE` or `REQUESTS_CA_BUNDLE`, and those
    /// of ``ProxySettings/init(environment:)``.
    package init(environment: [String: String]) {
        certificates = ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"].lazy
            .compactMap { environment[$0] }.first { !$0.isEmpty }
        proxies = ProxySettings(environment: environment)
    }
}
