package import GalleyHTTP
package import GalleyJSON

/// A server's reply to an API request.
package struct ServerReply: Sendable {
    /// The HTTP status.
    package let status: Int
    /// The JSON of the body; nil if the body is not JSON.
    package let json: Value?
    /// The header fields.
    package let headers: HTTPHeaders

    /// Creates a reply from the parts of a response.
    package init(status: Int, json: Value?, headers: HTTPHeaders) {
        (self.status, self.json, self.headers) = (status, json, headers)
    }

    /// Creates a reply from a response. A body that is not JSON, such as an HTML page, is dropped.
    package init(_ response: HTTPResponse) {
        self.init(
            status: response.status, json: (try? Document(parsing: response.body, depthLimit: 100))?.root,
            headers: response.headers)
    }

    /// Whether the server has done what the request asked for.
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The reason that the server gives in JSON, in one line of limited length; nil if there is none.
    package var reason: String? {
        let texts = [json?["message"]?.string, json?["reason"]?.string, json?["detail"]?.string]
        return texts.lazy.compactMap { $0.flatMap { ServerText.line($0) } }.first
    }
}
