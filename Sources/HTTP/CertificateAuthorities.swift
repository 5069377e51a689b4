import Glibc

/// Where the certificate authorities are that a client trusts.
enum CertificateAuthorities: Hashable {
    /// Where libcurl looks for them.
    case ofLibrary
    case file(String)
    case folder(String)

    /// The files of the distributions.
    private static let usualFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// Finds the authorities.
    ///
    /// - Parameters:
    ///   - path: The file or folder that the user wants; nil for the system's.
    ///   - libraryFile: The file that libcurl uses by default, if it is known.
    /// - Throws: ``HTTPError/certificateFile(path:)`` if the path that the user wants cannot be read.
    static func find(_ path: String?, libraryFile: String?) throws(HTTPError) -> CertificateAuthorities {
        if let path {
            guard isReadable(path) else { throw .certificateFile(path: path) }
            return isFolder(path) ? .folder(path) : .file(path)
        }
        // A libcurl that was built on another distribution has a default that does not exist here.
        if let libraryFile, isReadable(libraryFile) { return .ofLibrary }
        return usualFiles.first(where: isReadable).map { .file($0) } ?? .ofLibrary
    }

    // Safe because the string is only passed to the call.
    private static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        // Safe because the structure is as large as the call expects.
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
