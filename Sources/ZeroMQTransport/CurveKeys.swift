import GalleyCZeroMQ

/// The CURVE key pair that encrypts and authenticates the connection to a kernel.
///
/// The connection file contains both keys. The kernel uses them as a server and accepts only clients with the same
/// pair. A process that cannot read the file can neither read the messages nor impersonate the kernel.
package struct CurveKeys: Sendable {
    /// The public key, as 40 characters of Z85.
    package let publicKey: String
    /// The secret key, as 40 characters of Z85.
    package let secretKey: String

    /// Creates a new key pair; returns nil if libzmq was built without CURVE.
    package init?() {
        var publicKey = [CChar](repeating: 0, count: 41)
        var secretKey = publicKey
        // Safe because both arrays have room for 40 characters and a NUL.
        guard unsafe zmq_has("curve") == 1, unsafe zmq_curve_keypair(&publicKey, &secretKey) == 0 else { return nil }
        (self.publicKey, self.secretKey) = (Self.text(publicKey), Self.text(secretKey))
    }

    /// Creates a key pair from the values in a connection file.
    package init(publicKey: String, secretKey: String) {
        (self.publicKey, self.secretKey) = (publicKey, secretKey)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
