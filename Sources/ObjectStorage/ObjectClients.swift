import GalleyHTTP
import Synchronization

/// The clients of the stores that an environment describes, which are created when they are first needed.
final class ObjectClients: Sendable {
    private let environment: [String: String]
    private let time: HTTPTime
    private let known = Mutex<[String: Result<ObjectClient, ObjectStorageError>]>([:])

    /// Remembers the environment. Does no I/O.
    init(environment: [String: String], time: HTTPTime) { (self.environment, self.time) = (environment, time) }

    /// Returns the client of the store that has an object.
    ///
    /// - Throws: ``ObjectStorageError`` if the configuration cannot be read.
    func client(of address: ObjectAddress) throws(ObjectStorageError) -> ObjectClient {
        try known.withLock { known in
            if let result = known[address.scheme] { return result }
            let result = Result { () throws(ObjectStorageError) in
                address.scheme == "gs" ? try googleClient() : try amazonClient()
            }
            known[address.scheme] = result
            return result
        }.get()
    }

    private func amazonClient() throws(ObjectStorageError) -> ObjectClient {
        let configuration: AWSConfiguration
        do throws(CredentialError) {
            configuration = try AWSConfiguration(environment: environment)
        } catch {
            throw .invalidConfiguration(reason: "\(error)")
        }
        return ObjectClient(
            ObjectClient.Settings(
                endpoint: try ObjectEndpoint(configuration),
                credentials: CredentialChain(configuration, time: time),
                maximumAttempts: configuration.maximumAttempts),
            http: configuration.connections, time: time)
    }

    private func googleClient() throws(ObjectStorageError) -> ObjectClient {
        ObjectClient(
            ObjectClient.Settings(
                endpoint: try ObjectEndpoint(google: environment["GS_ENDPOINT_URL"]),
                credentials: GoogleKeys(environment)),
            http: HTTPSettings(environment: environment), time: time)
    }
}

/// The HMAC keys of Google's store, from the variables `GS_ACCESS_KEY_ID` and `GS_SECRET_ACCESS_KEY`.
private struct GoogleKeys: AWSCredentialSource {
    private let keys: AWSCredentials?
    private let isAnonymous: Bool

    init(_ environment: [String: String]) {
        let (id, secret) = (environment["GS_ACCESS_KEY_ID"] ?? "", environment["GS_SECRET_ACCESS_KEY"] ?? "")
        keys = id.isEmpty || secret.isEmpty ? nil : AWSCredentials(accessKeyID: id, secretAccessKey: secret)
        isAnonymous = ["1", "true"].contains(environment["GS_NO_SIGN_REQUEST"]?.lowercased())
    }

    func credentials() throws -> AWSCredentials? {
        if isAnonymous { return nil }
        guard let keys else {
            throw ObjectStorageError.noCredentials(
                reason: "There are no keys for Google's store. Create an HMAC key for a service account, and set "
                    + "GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY; for a public bucket, set GS_NO_SIGN_REQUEST=1",
                isTransient: false)
        }
        return keys
    }

    /// Does nothing: these keys do not expire.
    func discard(_ refused: AWSCredentials) {}
}
