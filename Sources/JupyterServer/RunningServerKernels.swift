import GalleyHTTP
import GalleyJSON
package import GalleyJupyterProtocol

/// The kernels that run on a server. Galley runs code in one of them and leaves it running.
package struct RunningServerKernels: KernelProvider {
    /// The name of this provider in lists.
    package let name = "running"
    private let connection: SharedServerConnection
    /// The ID of the kernel to use; nil for the one that was active last.
    private let id: String?

    /// Creates a provider for one of the kernels.
    init(_ id: String?, on connection: SharedServerConnection) { (self.id, self.connection) = (id, connection) }

    /// One notebook at a time, because the kernel has one state.
    package var capacity: KernelCapacity { KernelCapacity(concurrency: 1) }

    /// False: the kernel is left running.
    package var endsKernels: Bool { false }

    /// Lists the kernels that run, the one that was active last first.
    ///
    /// - Throws: A ``KernelFault`` if the server cannot be reached or does not list its kernels.
    @concurrent
    package func kernels() async throws -> [KernelDescription] {
        let server = try await connection.open()
        let reply: ServerReply
        do throws(ServerError) {
            reply = try await server.send("GET", ["kernels"])
        } catch {
            guard case .forbidden(let origin, _) = error, server.kind.isGateway else { throw error }
            throw ServerError.forbidden(
                origin,
                reason: "the gateway lists its running kernels only if it is started with "
                    + "--JupyterWebsocketPersonality.list_kernels=True")
        }
        guard reply.isSuccess else { throw server.failure(reply, "GET api/kernels") }
        guard let json = reply.json, json.kind == .array else {
            throw ServerError.invalidReply(server.base.origin, request: "GET api/kernels")
        }
        return json.elements.compactMap { kernel in
            kernel["id"]?.string.map { id in
                let activity = kernel["last_activity"]?.string ?? ""
                let description = KernelDescription(
                    name: id, displayName: kernel["name"]?.string ?? id, language: "", location: server.description)
                return (activity, description)
            }
        }
        .sorted { $0.0 > $1.0 }.map(\.1)
    }

    /// Connects to the kernel, passes it to `body`, and leaves it running when `body` returns or throws.
    ///
    /// - Throws: A ``KernelFault`` if there is no such kernel or it does not respond, and any error of `body`.
    package func withKernel<Result>(
        _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
    ) async throws -> Result {
        try await connect(request).withShutdown { try await body($0) }
    }

    @concurrent
    private func connect(_ request: KernelRequest) async throws -> ServerKernel {
        let id: String?
        if let wanted = self.id { id = wanted } else { id = try await kernels().first?.name }
        return try await connection.start(request) { start in
            guard request.kernel == nil else {
                throw ServerError.kernel(start.server.base.origin, .alreadyRunning)
            }
            return try await start.existingKernel(id ?? "newest")
        }
    }
}
