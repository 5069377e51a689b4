extension NotebookLocation {
    /// The location without what may be secret in a URL: the user and all values of the query. The key of an object is
    /// no secret.
    package var shown: String {
        guard let scheme, !["s3", "gs", "jupyter"].contains(scheme),
            let end = text.utf8.firstRange(of: "://".utf8)?.upperBound
        else { return text }
        let rest = text[end...].prefix { $0 != "?" && $0 != "#" }
        let host = rest.prefix { $0 != "/" }
        let start = host.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest
        return String(text[..<end] + start)
    }
}
