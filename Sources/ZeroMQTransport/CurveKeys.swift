import GalleyCZeroMQ

/// The keys with which a kernel encrypts what it says, and knows who it says it to.
///
/// The connection file holds both: the kernel listens with them, and takes for its own the client that shows the same
/// ones. Somebody who has not read the file can neither listen in nor take the kernel's place.
package struct CurveKeys: Sendable {
    /// The key that a client has to know, in the 40 characters of Z85.
    package let publicKey: String
    /// The key that proves who is who, spelled likewise.
    package let secretKey: String

    /// Makes new keys; nil where libzmq was built without encryption.
    package init?() {
        var publicKey = [CChar](repeating: 0, count: 41)
        var secretKey = publicKey
        // Safe because both arrays have room for 40 characters and a NUL.
        guard unsafe zmq_has("curve") == 1, unsafe zmq_curve_keypair(&publicKey, &secretKey) == 0 else { return nil }
        (self.publicKey, self.secretKey) = (Self.text(publicKey), Self.text(secretKey))
    }

    /// Takes the keys of a connection file.
    package init(publicKey: String, secretKey: String) {
        (self.publicKey, self.secretKey) = (publicKey, secretKey)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
