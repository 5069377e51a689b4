/// A proxy. Its ``description`` contains no credentials.
package struct ProxyServer: Hashable, Sendable {
    /// A protocol of proxies.
    package enum Scheme: String, Sendable { case http, https, socks4, socks4a, socks5, socks5h }

    package let scheme: Scheme
    package let host: String
    /// Nil for libcurl's port of the protocol.
    package let port: Int?
    let user: String?
    let password: String?

    /// Reads the URL of a proxy; without a scheme, it is an HTTP proxy.
    ///
    /// - Throws: ``HTTPError/invalidURL(reason:)``.
    package init(parsing text: String) throws(HTTPError) {
        var text = text
        if !text.contains("://") { text = "http://" + text }
        let parts = try URLParts(text)
        let name = parts.scheme.map { $0.lowercased() } ?? ""
        guard let scheme = Scheme(rawValue: name == "socks" ? "socks5h" : name) else {
            throw .invalidURL(
                reason: "the scheme of the proxy is none of http, https, socks4, socks4a, socks5, socks5h")
        }
        let authority = try URLAuthority(parts.authority ?? "")
        self.scheme = scheme
        (host, port) = (authority.host, authority.port)
        (user, password) = (authority.user, authority.password)
    }
}

extension ProxyServer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(scheme)://\(host.bracketed)\(port.map { ":\($0)" } ?? "")" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The proxies to use, and the hosts that need none.
package struct ProxySettings: Sendable {
    /// The URL of the proxy for `http` URLs.
    package var http: String?
    /// The URL of the proxy for `https` URLs.
    package var https: String?
    /// The hosts to connect to directly.
    package var exceptions = ProxyExceptions("")

    /// Creates settings without a proxy.
    package init() {}

    /// Reads the variables that libcurl reads: `http_proxy` (in uppercase, a web server may have set it from a header of
    /// a request), `https_proxy`, `all_proxy` and `no_proxy`, the last three also in uppercase.
    package init(environment: [String: String]) {
        func first(_ names: String...) -> String? { names.lazy.compactMap { environment[$0] }.first }
        func nonempty(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }
        let all = first("all_proxy", "ALL_PROXY")
        // An empty variable means no proxy, even if there is one for all URLs.
        http = nonempty(first("http_proxy") ?? all)
        https = nonempty(first("https_proxy", "HTTPS_PROXY") ?? all)
        exceptions = ProxyExceptions(first("no_proxy", "NO_PROXY") ?? "")
    }

    /// Returns the proxy for a URL; nil for a direct connection.
    ///
    /// No proxy is used for this machine's own addresses: they mean another machine to the proxy.
    ///
    /// - Throws: ``HTTPError/proxy(_:reason:)`` if the URL of the proxy is not valid.
    package func proxy(for url: HTTPURL) throws(HTTPError) -> ProxyServer? {
        guard let text = url.scheme == .http ? http : https else { return nil }
        if url.isLoopback || exceptions.contains(url.host, port: url.effectivePort) { return nil }
        do throws(HTTPError) {
            return try ProxyServer(parsing: text)
        } catch {
            throw .proxy("of \(url.scheme) URLs", reason: "\(error)")
        }
    }
}

// The URLs of proxies may contain passwords.
extension ProxySettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The proxies, without their credentials.
    package var description: String {
        let texts = [("http", http), ("https", https)].compactMap { scheme, text in
            text.map { text in "\(scheme): \((try? ProxyServer(parsing: text)).map { "\($0)" } ?? "not valid")" }
        }
        return texts.isEmpty ? "no proxy" : texts.joined(separator: ", ")
    }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The list of hosts in `no_proxy`.
package struct ProxyExceptions: Hashable, Sendable {
    private enum Rule: Hashable {
        case all
        case network(IPAddress, bits: Int, port: Int?)
        case domain(String, port: Int?)
    }

    private var rules: [Rule] = []

    /// Reads a list with commas or spaces: `*` for all hosts, a domain for itself and the names in it (a leading dot
    /// changes nothing), an address, or a network such as `10.0.0.0/8`. A port may follow a domain or an address.
    package init(_ text: String) {
        for entry in text.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }) {
            if let rule = Self.rule(entry.lowercased()) { rules.append(rule) }
        }
    }

    private static func rule(_ entry: String) -> Rule? {
        if entry == "*" { return .all }
        if let address = IPAddress(entry) { return .network(address, bits: address.bytes.count * 8, port: nil) }
        let network = entry.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if network.count == 2 {
            guard let address = IPAddress(network[0]), let bits = Int(network[1]), 0...address.bytes.count * 8 ~= bits
            else { return nil }
            return .network(address, bits: bits, port: nil)
        }
        guard let authority = try? URLAuthority(entry.drop { $0 == "." }) else { return nil }
        if let address = IPAddress(authority.host) {
            return .network(address, bits: address.bytes.count * 8, port: authority.port)
        }
        let name = authority.host.withoutFinalDot
        return name.isEmpty ? nil : .domain(name, port: authority.port)
    }

    /// Returns whether the list contains a host.
    package func contains(_ host: String, port: Int) -> Bool {
        let host = host.withoutFinalDot
        let address = IPAddress(host)
        return rules.contains { rule in
            switch rule {
            case .all: true
            case .network(let network, let bits, let only):
                address?.isWithin(network, bits: bits) == true && (only ?? port) == port
            case .domain(let name, let only):
                address == nil && (host == name || host.hasSuffix("." + name)) && (only ?? port) == port
            }
        }
    }
}

extension HTTPURL {
    /// Whether the host is this machine.
    package var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || IPAddress(host)?.isLoopback == true
    }
}

extension String {
    fileprivate var withoutFinalDot: String { hasSuffix(".") ? String(dropLast()) : self }
}
