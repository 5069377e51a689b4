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

    /// The reason that the server gives in JSON, in one line of limited length and without secrets; nil if there is
    /// none.
    package let reason: String?

    /// Creates a reply from a response. A body that is not JSON, such as an HTML page, is dropped.
    ///
    /// - Parameter secrets: The secrets of the request, which the server may repeat.
    package init(_ response: HTTPResponse, hiding secrets: [String]) {
        let json = (try? Document(parsing: response.body, depthLimit: 100))?.root
        (status, self.json, headers) = (response.status, json, response.headers)
        let texts = [json?["message"]?.string, json?["reason"]?.string, json?["detail"]?.string]
        reason = texts.lazy.compactMap { $0.flatMap { ServerText.line($0, hiding: secrets) } }.first
    }

    /// Whether the server has done what the request asked for.
    package var isSuccess: Bool { (200..<300).contains(status) }
}
