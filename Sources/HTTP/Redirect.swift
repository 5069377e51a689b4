/// The rules of following redirects.
enum Redirect {
    /// The greatest number of redirects of one exchange.
    static let limit = 10

    /// Returns the request that a redirect asks for; nil if the response is to be returned as it is.
    ///
    /// Only GET and HEAD requests follow. At another origin, the request has no credentials: neither its `Authorization`
    /// and `Cookie` fields nor the user info of its URL.
    ///
    /// - Parameter count: The number of redirects that were followed before.
    /// - Throws: ``HTTPError`` if the redirect is one too many, leads from https to http, or to no valid URL.
    static func next(
        after request: HTTPRequest, status: Int, location: String?, count: Int
    ) throws(HTTPError) -> HTTPRequest? {
        guard request.followsRedirects, ["GET", "HEAD"].contains(request.method),
            [301, 302, 303, 307, 308].contains(status), let location
        else { return nil }
        let origin = request.url.origin
        guard count < limit else { throw .tooManyRedirects(origin) }
        guard let url = request.url.resolving(location) else {
            throw .broken(origin, reason: "it redirects to something that is no http or https URL")
        }
        if origin.scheme == .https, url.scheme == .http { throw .unsafeRedirect(from: origin, to: url.origin) }
        var next = request
        next.url = url
        if url.origin != origin { next.headers.removeCredentials() }
        return next
    }
}

extension HTTPHeaders {
    /// Removes the fields that identify the user to one origin.
    mutating func removeCredentials() {
        for name in ["Authorization", "Cookie", "Proxy-Authorization", "X-XSRFToken", "Host"] { remove(name) }
    }
}
