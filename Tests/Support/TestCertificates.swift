import Foundation

/// A private certificate authority, and a server's certificate that it has signed, made by `openssl`.
package struct TestCertificates: Sendable {
    private let folder: TemporaryFolder
    /// The certificate of the authority.
    package var authority: String { folder("authority.pem") }
    /// The server's certificate.
    package var certificate: String { folder("server.pem") }
    /// The server's private key.
    package var key: String { folder("server.key") }

    /// Makes the certificates.
    ///
    /// - Parameter hosts: The hosts of the server, such as `DNS:server.test` or `IP:127.0.0.1`.
    package init(hosts: [String]) throws {
        folder = try TemporaryFolder()
        try folder.write("subjectAltName = \(hosts.joined(separator: ","))\n", to: "extensions")
        let isMade =
            runCommand(
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=Test authority", "-keyout", folder("authority.key"), "-out", authority)
            && runCommand(
                "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                "/CN=Test server", "-keyout", key, "-out", folder("server.csr"))
            && runCommand(
                "openssl", "x509", "-req", "-in", folder("server.csr"), "-CA", authority, "-CAkey",
                folder("authority.key"), "-CAcreateserial", "-days", "2", "-extfile", folder("extensions"), "-out",
                certificate)
        guard isMade else { throw POSIXError(.EIO) }
    }
}
