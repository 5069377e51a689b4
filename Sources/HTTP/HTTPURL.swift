/// An absolute `http` or `https` URL.
///
/// Its ``description`` contains no user info and no values of query items, because they may be secrets.
package struct HTTPURL: Hashable, Sendable {
    /// A scheme of URLs.
    package enum Scheme: String, Sendable {
        case http, https
        /// The port of URLs that name none.
        package var port: Int { self == .http ? 80 : 443 }
    }

    /// A name of the query, with its value.
    package struct QueryItem: Hashable, Sendable {
        package var name: String
        /// Nil if no "=" follows the name.
        package var value: String?

        /// Creates an item.
        package init(name: String, value: String?) {
            self.name = name
            self.value = value
        }
    }

    /// A server: what two URLs must share so that the credentials of one may be sent to the other.
    package struct Origin: Hashable, Sendable, CustomStringConvertible {
        package let scheme: Scheme
        package let host: String
        package let port: Int

        /// The scheme and the host, and the port unless it is the scheme's.
        package var description: String {
            "\(scheme)://\(host.bracketed)\(port == scheme.port ? "" : ":\(port)")"
        }
    }

    package let scheme: Scheme
    /// The host in lowercase. An IPv6 address has no brackets.
    package let host: String
    /// Nil for the port of the scheme.
    package let port: Int?
    /// The user name, decoded.
    package var user: String?
    /// The password, decoded.
    package var password: String?
    /// The path, percent-encoded. It begins with a slash.
    package var path: String { didSet { path = URLEncoding.path(path) } }
    /// The query as it is sent, without the question mark.
    private var encodedQuery: String?

    /// Reads a URL. Spaces around it are ignored, a fragment is dropped, and characters that a URL cannot contain are
    /// encoded.
    ///
    /// - Throws: ``HTTPError/invalidURL(reason:)``.
    package init(parsing text: String) throws(HTTPError) {
        var parts = try URLParts(text)
        guard let scheme = parts.scheme.flatMap({ Scheme(rawValue: $0.lowercased()) }) else {
            throw .invalidURL(reason: "it does not begin with http:// or https://")
        }
        guard let authority = parts.authority else { throw .invalidURL(reason: "it has no host") }
        if parts.path.isEmpty { parts.path = "/" }
        try self.init(scheme, authority, parts)
    }

    /// Creates a URL of the same server, whose path and query are sent as they are: empty segments and dot segments stay.
    ///
    /// - Parameters:
    ///   - path: The encoded path, which begins with a slash.
    ///   - query: The encoded query without the question mark; nil for none.
    package init(server: HTTPURL, exactPath path: String, query: String?) {
        scheme = server.scheme
        host = server.host
        port = server.port
        user = server.user
        password = server.password
        self.path = path
        encodedQuery = query
    }

    private init(_ scheme: Scheme, _ authority: Substring, _ parts: URLParts) throws(HTTPError) {
        let authority = try URLAuthority(authority)
        self.scheme = scheme
        host = authority.host
        port = authority.port == scheme.port ? nil : authority.port
        user = authority.user
        password = authority.password
        path = URLEncoding.path(String(parts.path))
        encodedQuery = parts.query.map { URLEncoding.query(String($0)) }
    }

    /// The names and values of the query, decoded, in order. A URL that was read keeps its own encoding until this is
    /// set.
    package var query: [QueryItem] {
        get {
            (encodedQuery ?? "").split(separator: "&").map { item in
                let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return QueryItem(
                    name: URLEncoding.decodedForm(parts[0]),
                    value: parts.count > 1 ? URLEncoding.decodedForm(parts[1]) : nil)
            }
        }
        set {
            encodedQuery =
                newValue.isEmpty ? nil : newValue.map { Self.encoded($0.name, $0.value) }.joined(separator: "&")
        }
    }

    private static func encoded(_ name: String, _ value: String?) -> String {
        URLEncoding.component(name) + (value.map { "=" + URLEncoding.component($0) } ?? "")
    }

    /// Returns the URL that a reference leads to, such as that of a `Location` field; nil if it is not valid or has
    /// another scheme. User info of the reference is dropped; that of this URL stays if the origin is the same.
    package func resolving(_ reference: String) -> HTTPURL? {
        guard var parts = try? URLParts(reference) else { return nil }
        guard let scheme = parts.scheme.map({ Scheme(rawValue: $0.lowercased()) }) ?? self.scheme else { return nil }
        if parts.scheme != nil, parts.authority == nil { return nil }
        var authority = host.bracketed + (port.map { ":\($0)" } ?? "")
        if let other = parts.authority {
            authority = String(other)
            if parts.path.isEmpty { parts.path = "/" }
        } else if parts.path.isEmpty {
            parts.path = path[...]
            parts.query = parts.query ?? encodedQuery?[...]
        } else if !parts.path.hasPrefix("/") {
            parts.path = path[...(path.lastIndex(of: "/") ?? path.startIndex)] + parts.path
        }
        guard var url = try? HTTPURL(scheme, authority[...], parts) else { return nil }
        let isSameOrigin = url.origin == origin
        url.user = isSameOrigin ? user : nil
        url.password = isSameOrigin ? password : nil
        return url
    }

    /// Returns the URL with segments added to its path, each encoded so that it stays one segment.
    package func appending(_ segments: String...) -> HTTPURL { appending(segments: segments) }

    /// Returns the URL with segments added to its path, each encoded so that it stays one segment.
    package func appending(segments: [String]) -> HTTPURL {
        var url = self
        for segment in segments {
            url.path += (url.path.hasSuffix("/") ? "" : "/") + URLEncoding.segment(segment)
        }
        return url
    }

    /// Returns the URL with an item added to its query.
    package func adding(_ name: String, _ value: String) -> HTTPURL {
        var url = self
        let item = Self.encoded(name, value)
        url.encodedQuery = encodedQuery.flatMap { $0.isEmpty ? nil : $0 + "&" + item } ?? item
        return url
    }

    package var effectivePort: Int { port ?? scheme.port }
    package var origin: Origin { Origin(scheme: scheme, host: host, port: effectivePort) }
    /// The URL as it is sent to a server: all but the user info.
    package var text: String { "\(origin)\(pathAndQuery)" }
    /// The path and the query, as a request line has them.
    package var pathAndQuery: String { path + (encodedQuery.map { "?" + $0 } ?? "") }
}

extension HTTPURL: CustomStringConvertible {
    /// The URL without its user info and without the values of its query.
    package var description: String {
        guard encodedQuery != nil else { return "\(origin)\(path)" }
        // An item without a value may be a secret itself.
        return "\(origin)\(path)?"
            + query.map { $0.value == nil ? "…" : URLEncoding.component($0.name) + "=…" }.joined(separator: "&")
    }
}

// Values may be secrets.
extension HTTPURL.QueryItem: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name of the item. An item without a value may be a secret itself.
    package var description: String { value == nil ? "…" : "\(name)=…" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

// Without this, `dump` and a debugger's text would show the secrets.
extension HTTPURL: CustomDebugStringConvertible, CustomReflectable {
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension String {
    /// An IPv6 address in brackets; another host as it is.
    var bracketed: String { utf8.contains(UInt8(ascii: ":")) ? "[\(self)]" : self }
}
