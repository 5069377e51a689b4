import GalleyConcurrency
public import GalleyJupyterProtocol
import GalleyHTTP

/// The kernels of a Jupyter server, a gateway or a user's server of a JupyterHub.
///
///     var options = Options()
///     options.kernels = JupyterServer("https://hub.example.org/user/ann/", credentials: .tokenFile("token"))
///
/// Each run starts a kernel of its own on the server, in the notebook's folder if the notebook lies there, and ends it
/// afterward. Working directories are paths from the root of the server's files. Only gateways accept environment
/// variables.
///
/// The server can drop outputs. The cell then ends with the outcome `lostOutput`; see `OutputLoss`.
public struct JupyterServer: KernelProvider {
    /// The name of this provider in lists.
    public let name = "server"
    /// The connection, which runs share.
    package let connection: SharedServerConnection
    /// The record of the kernels that run.
    package var journal: (any ServerKernelJournal)?

    /// Creates a provider for the server at a URL. Does no I/O.
    ///
    /// - Parameters:
    ///   - url: The address of the server or of a page of it. It may contain a token.
    ///   - credentials: The way to log in.
    public init(_ url: String, credentials: ServerCredentials = .automatic) {
        self.init(SharedServerConnection(ServerAccess(url, credentials, environment: processEnvironment())))
    }

    /// Creates a provider that uses a connection together with others.
    package init(_ connection: SharedServerConnection) { self.connection = connection }

    /// The features that requests may use. The provider rejects environment variables if the server is not a gateway.
    public var features: Set<KernelFeature> { [.fallback, .environment, .workingDirectory, .keeping] }

    /// Lists the kernels that the server can start.
    ///
    /// - Throws: A ``KernelFault`` if the server cannot be reached or refuses the credentials.
    @concurrent
    public func kernels() async throws -> [KernelDescription] {
        try await connection.open().kernels().kernels
    }

    /// Starts a kernel, passes it to `body`, and deletes it on the server when `body` returns or throws.
    ///
    /// - Throws: A ``KernelFault`` if the server has no kernel for the request, `CancellationError` if the task is
    ///   canceled before the kernel is ready, and any error of `body`.
    public func withKernel<Result>(
        _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
    ) async throws -> Result {
        try await start(request).withShutdown { try await body($0) }
    }

    @concurrent
    private func start(_ request: KernelRequest) async throws -> ServerKernel {
        try await connection.start(request, journal) { start in
            await start.endLeftKernels()
            return try await start.kernel()
        }
    }
}

extension SharedServerConnection {
    /// Prepares the start of a kernel, and calls `body` with it.
    ///
    /// - Throws: A ``KernelFault``, or `CancellationError` if the task is canceled.
    func start(
        _ request: KernelRequest, _ journal: (any ServerKernelJournal)? = nil,
        _ body: (ServerKernelStart) async throws -> ServerKernel
    ) async throws -> ServerKernel {
        let deadline = ContinuousClock.now + min(request.startTimeout, .endless)
        let server: ServerConnection
        do throws(ServerError) {
            server = try await open()
        } catch {
            throw Task.isCancelled ? CancellationError() as any Error : error
        }
        do throws(KernelRightsProblem) {
            try request.checkRights()
        } catch {
            throw ServerError.kernel(server.base.origin, .notAllowed(error))
        }
        guard request.inheritsEnvironment else {
            throw UnsupportedKernelRequest(.environment, provider: "\(server.kind)")
        }
        do {
            return try await body(ServerKernelStart(request, on: server, until: deadline, journal))
        } catch let error as ServerError where Task.isCancelled {
            // The cancellation is the reason for the error of the exchange.
            if case .http(.canceled) = error { throw CancellationError() }
            throw error
        }
    }
}
