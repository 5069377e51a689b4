/// The media types of the files that a run writes, for stores that keep one with each object.
package enum MediaType {
    /// Returns the type of a file by the end of its name.
    package static func of(_ name: String) -> String {
        let types = [
            ".html": "text/html; charset=utf-8", ".json": "application/json", ".xml": "application/xml",
            ".ipynb": "application/x-ipynb+json", ".md": "text/markdown; charset=utf-8",
            ".py": "text/x-python; charset=utf-8", ".png": "image/png", ".svg": "image/svg+xml",
            ".csv": "text/csv", ".txt": "text/plain; charset=utf-8", ".jpg": "image/jpeg", ".pdf": "application/pdf",
        ]
        return types.first { name.hasSuffix($0.key) }?.value ?? "application/octet-stream"
    }
}
