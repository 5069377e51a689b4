import GalleyHTTP
import GalleyJSON

/// A login with a URL that logs in the client that opens it, such as a presigned URL of a studio.
///
/// The URL is opened once. Its redirects end at the studio, whose cookies log in all later requests. The studio may
/// first have to start its application.
struct StudioLogin: Sendable {
    let client: HTTPClient
    /// The time limit for the start of the application.
    let limit: Duration
    let pollInterval: Duration
    let onProgress: @Sendable (String) -> Void

    /// Opens the URL, and waits until the application is ready.
    ///
    /// - Returns: The base URL of the application's server.
    /// - Throws: ``ServerError``; no case contains the URL.
    func logIn(_ text: String) async throws(ServerError) -> HTTPURL {
        let url: HTTPURL
        do throws(HTTPError) { url = try HTTPURL(parsing: text.trimmed) } catch { throw .http(error) }
        var request = HTTPRequest("GET", url)
        request.isRepeatable = false
        let page: HTTPResponse
        do throws(HTTPError) { page = try await client.send(request) } catch { throw .http(error) }
        guard page.isSuccess else {
            throw [400, 401, 403, 410].contains(page.status)
                ? .credentialsRefused(url.origin, .login)
                : .loginFailed(url.origin, reason: "HTTP status \(page.status)")
        }
        let base = Self.base(at: page.url)
        try await waitUntilReady(base)
        return base
    }

    /// Returns the base URL of the application at whose page the login has ended.
    static func base(at page: HTTPURL) -> HTTPURL {
        var base = ServerAddress(page).base
        let names = page.path.split(separator: "/")
        if let start = names.firstIndex(of: "jupyter") {
            let name = names.dropFirst(start + 1).first ?? "default"
            base.path = "/" + (names[...start] + [name]).joined(separator: "/")
        }
        base.query = []
        return base
    }

    /// Waits until the application answers. It is ready when its page has set the cookie that changes need.
    private func waitUntilReady(_ base: HTTPURL) async throws(ServerError) {
        let deadline = ContinuousClock.now + min(limit, .seconds(1_000_000_000))
        let state = base.appending("app").adding("appType", "JupyterServer").adding("appName", "default")
        // The path of the cookie is that of the base with a slash.
        let api = base.appending("api")
        var told = ""
        while client.cookies.value(named: "_xsrf", for: api) == nil {
            let response = try await get(state)
            switch Self.state(in: response) {
            case "InService":
                // The cookie comes with a page, even with that of an error. A server may do without it.
                for page in ["lab", "login"] where client.cookies.value(named: "_xsrf", for: api) == nil {
                    _ = try await get(base.appending(page))
                }
                let reply = ServerReply(try await get(api), hiding: [])
                if reply.isSuccess, reply.json?["version"] != nil { return }
                told = "InService, but its server does not answer"
            case let final? where ["Deleted", "Deleting", "Failed"].contains(final):
                throw .notStarted(base.origin, state: "the application is in the state \(final)")
            case let pending?:
                if told != pending { onProgress("The application of \(base.origin) is starting (\(pending))") }
                told = pending
            case nil where response.status == 404:
                // A server without applications, which is ready at once.
                _ = try await get(base.appending("login"))
                return
            case nil where [401, 403].contains(response.status): throw .credentialsRefused(base.origin, .login)
            case nil: told = "HTTP status \(response.status)"
            }
            guard ContinuousClock.now + pollInterval < deadline else {
                throw .notReady(base.origin, state: "last state: \(told)", limit)
            }
            do { try await ContinuousClock().sleep(for: pollInterval) } catch { throw .http(.canceled) }
        }
    }

    private func get(_ url: HTTPURL) async throws(ServerError) -> HTTPResponse {
        do throws(HTTPError) { return try await client.send(HTTPRequest("GET", url)) } catch { throw .http(error) }
    }

    /// Returns the application's state in a response; nil if it contains none of the known states.
    static func state(in response: HTTPResponse) -> String? {
        let states = ["InService", "Pending", "Failed", "Deleting", "Deleted"]
        guard response.isSuccess else { return nil }
        if let json = (try? Document(parsing: response.body, depthLimit: 20))?.root {
            let texts = [json, json["status"], json["Status"], json["state"]].compactMap { $0?.string }
            return texts.lazy.compactMap { text in states.first { $0 == text } }.first
        }
        guard response.body.count <= 200 else { return nil }
        let text = String(decoding: response.body, as: UTF8.self).trimmed
        return states.first { $0 == text }
    }
}
