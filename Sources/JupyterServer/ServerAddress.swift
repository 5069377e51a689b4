package import GalleyHTTP

/// The address of a Jupyter server, as users copy it from a browser or from the server's output.
///
/// Pages such as `/lab/tree/report.ipynb`, the query and the fragment are not part of the server's base.
package struct ServerAddress: Hashable, Sendable {
    /// The base URL of the server, without a query. For an address of a hub without a user, the hub's.
    package var base: HTTPURL
    /// The token in the URL.
    package var token: String?
    /// The user's server of a hub, if the path is one of a hub.
    package var hub: HubAddress?

    /// A user's server behind a JupyterHub.
    package struct HubAddress: Hashable, Sendable {
        /// The base URL of the hub, under which are `hub` and `user`.
        package var root: HTTPURL
        /// The user; nil if the path does not tell.
        package var user: String?
        /// The name of the server; empty for the user's default server.
        package var server = ""
    }

    /// The path segments with which the pages of a server begin. A base URL contains none of them.
    private static let pages: Set<String> = [
        "api", "lab", "tree", "notebooks", "edit", "terminals", "view", "files", "doc", "consoles", "nbclassic",
        "login", "logout", "voila", "retro", "static", "nbconvert",
    ]

    /// Reads an address.
    ///
    /// - Throws: ``ServerError/invalidAddress(reason:)``, without the query of the URL, if the text is not an address.
    package init(_ text: String) throws(ServerError) {
        let text = text.trimmed
        guard let scheme = text.utf8.firstRange(of: "://".utf8)?.lowerBound else {
            // A user name and a password may be before the host.
            let place = text.prefix { !"/?#".contains($0) }.split(separator: "@").last ?? ""
            let example = place.isEmpty ? "localhost:8888" : String(place)
            throw .invalidAddress(reason: "it has no scheme. Write http://\(example)/ or https://\(example)/")
        }
        guard ["http", "https"].contains(text[..<scheme].lowercased()) else {
            throw .invalidAddress(reason: "its scheme is not http or https")
        }
        let url: HTTPURL
        do throws(HTTPError) { url = try HTTPURL(parsing: text) } catch { throw .http(error) }
        self.init(url)
    }

    /// Takes the server's base and the token from the URL of one of the server's pages.
    package init(_ url: HTTPURL) {
        token = url.query.first { $0.name == "token" && $0.value?.isEmpty == false }?.value
        var root = url
        root.query = []
        base = root
        let names = url.path.split(separator: "/").map(String.init)
        if let end = names.firstIndex(of: "hub"), !names[..<end].contains(where: Self.pages.contains) {
            let inner = Array(names[(end + 1)...])
            root.path = Self.path(names[..<end])
            hub = HubAddress(root: root)
            // A page such as /hub/user/ann/lab waits for the server; /hub/spawn/ann starts it.
            if ["user", "spawn", "spawn-pending"].contains(inner.first), inner.count > 1 {
                hub?.user = URLEncoding.decoded(inner[1])
                hub?.server = Self.serverName(inner.dropFirst(2), isPage: inner[0] == "user")
            }
            base = hub.flatMap { Self.base(of: $0) } ?? root
        } else if let start = names.firstIndex(of: "user"), start + 1 < names.count,
            !names[..<start].contains(where: Self.pages.contains)
        {
            root.path = Self.path(names[..<start])
            hub = HubAddress(
                root: root, user: URLEncoding.decoded(names[start + 1]),
                server: Self.serverName(names[(start + 2)...], isPage: true))
            base = hub.flatMap { Self.base(of: $0) } ?? root
        } else {
            let end = names.firstIndex(where: Self.pages.contains) ?? names.endIndex
            base.path = Self.path(names[..<end])
        }
    }

    /// Returns the base URL of a user's server; nil if the user is not known.
    static func base(of hub: HubAddress) -> HTTPURL? {
        guard let user = hub.user else { return nil }
        return hub.root.appending(segments: ["user", user] + (hub.server.isEmpty ? [] : [hub.server]))
    }

    private static func serverName(_ names: ArraySlice<String>, isPage: Bool) -> String {
        guard let name = names.first, !isPage || !pages.contains(name) else { return "" }
        return URLEncoding.decoded(name)
    }

    private static func path(_ names: ArraySlice<String>) -> String { "/" + names.joined(separator: "/") }
}

extension String {
    /// The text without white space at its ends.
    var trimmed: String {
        String(
            self[...].drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
