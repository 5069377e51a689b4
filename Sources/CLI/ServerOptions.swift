import GalleyFlags
import GalleyJupyterServer
import GalleyLocalKernels

/// The Jupyter server that a command line names, and the way to log in.
struct ServerOptions: Sendable {
    /// The server's address; nil for kernels of this machine.
    private(set) var address: String?
    private var login = Login.automatic
    private var stopsServer = false
    /// The server, once the files that the options name have been read.
    private(set) var server: JupyterServer?

    /// The way to log in that the command line asks for.
    private enum Login: Sendable {
        case automatic
        case tokenFile(String)
        case passwordFile(String)
        case loginURL(String)
        case loginURLFile(String)
    }

    /// The time limit for the start of a kernel, unless the command line sets another one.
    static let startTimeout = Duration.seconds(300)

    /// Whether the command line names a server.
    var isGiven: Bool {
        switch login {
        // A login URL names its server.
        case .loginURL, .loginURLFile: true
        default: address != nil
        }
    }

    /// Whether the command line has options that need a server, and names none.
    private var lacksServer: Bool {
        if case .automatic = login { return !isGiven && stopsServer }
        return !isGiven
    }

    /// Returns the flags for a target that holds these options.
    static func flags<Target>(
        in path: any WritableKeyPath<Target, ServerOptions> & Sendable
    ) -> [Flag<Target>] { flags.map { $0.inside(path) } }

    /// Returns the flags for logging in to a server whose address is known.
    static func loginFlags<Target>(
        in path: any WritableKeyPath<Target, ServerOptions> & Sendable
    ) -> [Flag<Target>] { loginFlags.prefix(2).map { $0.inside(path) } }

    /// Returns the flags for a command that leaves the server running.
    static func addressFlags<Target>(
        in path: any WritableKeyPath<Target, ServerOptions> & Sendable
    ) -> [Flag<Target>] { ([addressFlag] + loginFlags).map { $0.inside(path) } }

    private static let flags =
        [addressFlag] + loginFlags + [
            Flag("--hub-stop", in: .server, "Stop the user's server of a hub at the end, if Galley has started it") {
                $0.stopsServer = true
            }
        ]

    private static let addressFlag = Flag<ServerOptions>(
        "--server", takes: "URL", example: "http://localhost:8888/", in: .server,
        "Use the kernels of this Jupyter server, hub or gateway; see 'galley help servers'"
    ) { options, value, _ in options.address = value }

    private static let loginFlags: [Flag<ServerOptions>] = [
        Flag(
            "--token-file", takes: "FILE", example: "token", in: .server,
            "Log in with the token in this file, not with the token of the URL or of JUPYTER_TOKEN"
        ) { options, value, _ throws(UsageError) in try options.setLogin(.tokenFile(value)) },
        Flag(
            "--password-file", takes: "FILE", example: "password", in: .server,
            "Log in with the password in this file"
        ) { options, value, _ throws(UsageError) in try options.setLogin(.passwordFile(value)) },
        Flag(
            "--login-url", takes: "URL", example: "https://studio.example.org/auth?token=k2x9", in: .server,
            "Log in by opening this signed address once"
        ) { options, value, _ throws(UsageError) in try options.setLogin(.loginURL(value)) },
        Flag(
            "--login-url-file", takes: "FILE", example: "login-url", in: .server,
            "Log in by opening the signed address in this file once"
        ) { options, value, _ throws(UsageError) in try options.setLogin(.loginURLFile(value)) },
    ]

    /// Sets the server's address, if the command line has none.
    mutating func use(_ address: String) { self.address = self.address ?? address }

    private mutating func setLogin(_ new: Login) throws(UsageError) {
        guard case .automatic = login else {
            throw UsageError("there is more than one way to log in to the server; use only one of them")
        }
        login = new
    }

    /// Refuses options that need a server, if the command line names none.
    func check() throws(UsageError) {
        if lacksServer { throw UsageError("which server? Add --server URL") }
        switch login {
        case .loginURL where address != nil, .loginURLFile where address != nil:
            throw UsageError("a login URL names its server; leave --server out")
        default: break
        }
    }

    /// Refuses root's credentials in the process of another user, whose notebook would get root's rights on the server.
    func checkRootsCredentials() throws(UsageError) {
        let source: String? =
            switch login {
            case .loginURL: "--login-url"
            case .automatic where address?.contains("token=") == true: "the token in --server"
            case .automatic where currentEnvironment()["JUPYTER_TOKEN"]?.isEmpty == false: "JUPYTER_TOKEN"
            default: nil
            }
        guard isGiven, let source else { return }
        throw UsageError(
            "\(source): root's credentials are not used for the notebook of another user. Use --token-file with a file "
                + "that this user can read, or --as-caller")
    }

    /// Marks a kernel that this run uses as kept, so that no other run ends it.
    func keepRecord(of kernel: String) { _ = ServerKernelRegistry(notebook: kernel).keep(kernel) }

    /// Reads the files that the options name. The server is contacted later.
    ///
    /// - Parameters:
    ///   - usesRootsRights: Whether root may read what other users can change.
    ///   - startsHubServer: Whether to start a user's server of a hub that is not running.
    ///   - startTimeout: The time limit for a server that a hub or a studio starts.
    mutating func resolve(
        usesRootsRights: Bool, startsHubServer: Bool, startTimeout: Duration = startTimeout,
        progress: @escaping @Sendable (String) -> Void
    ) throws(UsageError) {
        try check()
        guard isGiven, server == nil else { return }
        func secret(_ path: String, _ option: String) throws(UsageError) -> String {
            let subject = "\(option) \(UsageError.visible(path))"
            let bytes = try OptionFile.read(path, for: subject, usesRootsRights: usesRootsRights, limit: 1 << 20)
            let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
            guard let text else { throw UsageError("\(subject): the file is empty") }
            return text
        }
        let credentials: ServerCredentials =
            switch login {
            case .automatic: .automatic
            case .tokenFile(let path): .token(try secret(path, "--token-file"))
            case .passwordFile(let path): .password(try secret(path, "--password-file"))
            case .loginURL(let url): .loginURL(url)
            case .loginURLFile(let path): .loginURL(try secret(path, "--login-url-file"))
            }
        var access = ServerAccess(address ?? "", credentials, environment: currentEnvironment())
        (access.startTimeout, access.onProgress) = (startTimeout, progress)
        access.startsHubServer = startsHubServer
        server = JupyterServer(SharedServerConnection(access))
    }

    /// Records the kernels of a run.
    mutating func recordKernels(of notebook: String) { server?.journal = ServerKernelRegistry(notebook: notebook) }

    /// Ends what the run has started on the server beside its kernels, and returns the reason if that fails.
    func close() async -> String? {
        guard stopsServer, let server else { return nil }
        do {
            try await server.stopHubServer()
            return nil
        } catch {
            return "--hub-stop: \(error)"
        }
    }
}

extension FlagCategory {
    /// A Jupyter server.
    static let server = FlagCategory("Jupyter server")
}
