import GalleyStorage

/// How locations on servers and in stores are spelled on a command line.
extension NotebookLocation {
    /// Whether the location is a URL, or a path on a Jupyter server that is not also the name of a local file.
    var isRemote: Bool { scheme != nil && (serverPath == nil || LocalFile.kind(of: text) == nil) }

    /// Whether the location is an address of the web, which can only be read and has no folders.
    var isWebAddress: Bool { ["https", "http"].contains(scheme) }

    /// Whether a location that is not local names a folder: a path that ends in `/`, a bucket, or the root of a server.
    var isRemoteFolder: Bool { isRemote && !isWebAddress && (endsLikeFolder || rootOfBucket != nil) }

    /// Whether a location that is not local stands for all notebooks that match it.
    var isRemotePattern: Bool { isRemote && !isWebAddress && Glob.isPattern(text) }

    private var endsLikeFolder: Bool { text.endsInSlash || text.utf8.last == UInt8(ascii: ":") }

    /// The location with the slash that a bucket needs as a folder; nil for a location that has a key.
    private var rootOfBucket: NotebookLocation? {
        let (prefix, names) = remoteParts
        return serverPath == nil && names.count <= 1 && !text.endsInSlash
            ? NotebookLocation(prefix + (names.first ?? "") + "/") : nil
    }

    /// The folder to list for a folder or a pattern that is not local.
    var searchedFolder: NotebookLocation {
        if let rootOfBucket { return rootOfBucket }
        let fixed = text.utf8.prefix { !"*?[".utf8.contains($0) }
        let end = fixed.lastIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") }
        return NotebookLocation(
            String(Substring(end.map { fixed[...$0] } ?? fixed[fixed.startIndex..<fixed.startIndex])))
    }

    /// The one spelling of a location, so that a notebook that is named twice runs once. The bytes of an object's key
    /// stay as they are.
    var normalized: NotebookLocation {
        guard let serverPath else { return self }
        return NotebookLocation(serverPath: serverPath.pathNames.joined(separator: "/"))
    }

    /// The beginning of a location that is not local, such as `s3://` or `jupyter:`, and the names after it.
    ///
    /// Names such as `..` do not lead out of a folder of results, because they are left out: in a key, they are names
    /// like all others.
    var remoteParts: (prefix: String, names: [Substring]) {
        let mark = serverPath == nil ? "://" : ":"
        guard let end = text.utf8.firstRange(of: mark.utf8)?.upperBound else { return ("", text.pathNames) }
        let rest = isWebAddress ? text[end...].prefix { $0 != "?" && $0 != "#" } : text[end...]
        return (String(text[..<end]), rest.pathNames.filter { $0 != ".." })
    }
}
