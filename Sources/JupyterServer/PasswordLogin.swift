import GalleyHTTP

/// A login with a password at a server's login page.
///
/// The page sets the cookie `_xsrf`, whose value the form must repeat. A right password is answered by a redirect and a
/// cookie, a wrong one by the page.
struct PasswordLogin: Sendable {
    /// The server's base URL.
    let base: HTTPURL
    let password: String

    /// Logs in. The client keeps the cookies.
    ///
    /// - Throws: ``ServerError`` if the server has no login page, or refuses the password.
    func logIn(_ client: HTTPClient, timeout: Duration = .seconds(60)) async throws(ServerError) {
        let page = base.appending("login")
        var request = HTTPRequest("GET", page)
        request.timeout = timeout
        let form = try await send(request, client)
        guard form.isSuccess || form.status == 401 else { throw .noPasswordLogin(base.origin) }
        var fields = [("password", password)]
        if let token = client.cookies.value(named: "_xsrf", for: page) { fields.append(("_xsrf", token)) }
        request = HTTPRequest(
            "POST", page, headers: ["Content-Type": "application/x-www-form-urlencoded"], body: Self.encoded(fields))
        request.timeout = timeout
        request.followsRedirects = false
        let answer = try await send(request, client)
        switch answer.status {
        case 301, 302, 303: return
        case 200, 401, 403: throw .credentialsRefused(base.origin, .password)
        case 404, 405: throw .noPasswordLogin(base.origin)
        default: throw .loginFailed(base.origin, reason: "the login page answers with HTTP status \(answer.status)")
        }
    }

    private func send(_ request: HTTPRequest, _ client: HTTPClient) async throws(ServerError) -> HTTPResponse {
        do throws(HTTPError) { return try await client.send(request) } catch { throw .http(error) }
    }

    /// Returns fields as the body of a form.
    static func encoded(_ fields: [(String, String)]) -> [UInt8] {
        Array(
            fields.map { "\(URLEncoding.component($0.0))=\(URLEncoding.component($0.1))" }.joined(separator: "&").utf8)
    }
}
