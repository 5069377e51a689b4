/// Hides secrets in texts that a server has sent.
package enum SecretText {
    /// The least number of bytes of a cookie that is taken for a secret. A shorter one would match parts of words.
    private static let leastCookie = 8

    /// Returns the text with each secret replaced by dots.
    package static func hiding(_ secrets: [String], in text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        // A secret that contains another one is hidden as a whole.
        for secret in secrets.sorted(by: { $0.unicodeScalars.count > $1.unicodeScalars.count }) where !secret.isEmpty {
            scalars.replace(Array(secret.unicodeScalars), with: ["…"])
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// Returns the values in a Cookie field that may be secrets.
    package static func values(ofCookies field: String?) -> [String] {
        (field ?? "").split(separator: ";").compactMap { pair in
            let value = pair.split(separator: "=", maxSplits: 1).dropFirst().first.map { $0.filter { $0 != " " } }
            return value.flatMap { $0.utf8.count >= leastCookie ? String($0) : nil }
        }
    }

    /// Returns the secrets in the header of a request.
    static func values(in headers: HTTPHeaders) -> [String] {
        let words = headers.all("Authorization").flatMap { $0.split(separator: " ").dropFirst().map(String.init) }
        return words + headers.all("Cookie").flatMap { values(ofCookies: $0) }
    }
}
