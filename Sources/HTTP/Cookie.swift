/// A cookie that a server has set.
package struct Cookie: Hashable, Sendable {
    package let name: String
    package let value: String
    /// The host, or the domain whose hosts all receive the cookie.
    package let domain: String
    /// Whether only the host itself receives the cookie.
    package let isHostOnly: Bool
    package let path: String
    /// Whether the cookie is sent over encrypted connections only.
    package let isSecure: Bool
    /// Whether scripts of pages may not read the cookie.
    package let isHTTPOnly: Bool
    /// The seconds since 1970 at which the cookie ends; nil for the end of the session.
    package let expiry: Int?

    /// The greatest number of bytes of a name with its value, and of an attribute.
    private static let sizeLimit = (pair: 4096, attribute: 1024)

    /// Reads the value of a `Set-Cookie` field by the rules of RFC 6265; nil if the cookie is not accepted.
    ///
    /// - Parameter now: The seconds since 1970.
    init?(setCookie text: String, from url: HTTPURL, now: Int) {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { return nil }
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        guard let equals = parts[0].firstIndex(of: "=") else { return nil }
        name = Self.trimmed(parts[0][..<equals])
        value = Self.trimmed(parts[0][parts[0].index(after: equals)...])
        guard !name.isEmpty, name.utf8.count + value.utf8.count <= Self.sizeLimit.pair else { return nil }

        var domain: String?
        var path: String?
        var (isSecure, isHTTPOnly) = (false, false)
        var (date, age): (Int?, Int?)
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count > 1 ? Self.trimmed(pair[1]) : ""
            guard value.utf8.count <= Self.sizeLimit.attribute else { continue }
            switch Self.trimmed(pair[0]).lowercased() {
            case "domain": domain = value.lowercased()
            case "path": path = value
            case "secure": isSecure = true
            case "httponly": isHTTPOnly = true
            case "expires": date = HTTPDate.seconds(value) ?? date
            case "max-age": age = Self.age(value) ?? age
            default: break
            }
        }
        guard let scope = Self.scope(domain, host: url.host) else { return nil }
        (self.domain, isHostOnly) = scope
        self.path = path.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? Self.defaultPath(url.path)
        self.isSecure = isSecure
        self.isHTTPOnly = isHTTPOnly
        if let age {
            let (sum, overflows) = now.addingReportingOverflow(age)
            expiry = age <= 0 ? .min : overflows ? .max : sum
        } else {
            expiry = date
        }
        // A plain connection, which other machines can change, sets no cookie for encrypted ones.
        if isSecure, url.scheme == .http { return nil }
        if name.hasPrefix("__Secure-"), !isSecure { return nil }
        if name.hasPrefix("__Host-"), !isSecure || !isHostOnly || self.path != "/" { return nil }
    }

    /// Returns the domain of a cookie; nil if the host may not set it.
    private static func scope(_ domain: String?, host: String) -> (String, isHostOnly: Bool)? {
        guard var domain, !domain.isEmpty else { return (host, true) }
        if domain.hasPrefix(".") { domain.removeFirst() }
        if domain == host { return (host, IPAddress(host) != nil || !host.contains(".")) }
        // A domain with one label is one of many owners.
        guard IPAddress(host) == nil, host.hasSuffix("." + domain), domain.contains("."), !domain.hasPrefix("."),
            !domain.hasSuffix(".")
        else { return nil }
        return (domain, false)
    }

    private static func defaultPath(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func age(_ text: String) -> Int? {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
        return Int(text) ?? (text.hasPrefix("-") ? 0 : .max)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }

    func isExpired(at now: Int) -> Bool { expiry.map { $0 <= now } ?? false }

    /// Whether a request to a URL carries the cookie.
    func matches(_ url: HTTPURL) -> Bool {
        guard url.scheme == .https || !isSecure else { return false }
        guard url.host == domain || !isHostOnly && url.host.hasSuffix("." + domain) else { return false }
        return url.path == path || url.path.hasPrefix(path) && (path.hasSuffix("/") || url.path.hasPrefix(path + "/"))
    }

    /// Whether this cookie replaces another one.
    func replaces(_ other: Cookie) -> Bool {
        name == other.name && domain == other.domain && isHostOnly == other.isHostOnly && path == other.path
    }
}

extension Cookie: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name and the place of the cookie, without its value.
    package var description: String { "\(name) of \(domain)\(path)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
