/// The other services of a server, which share the connection of its kernels.
extension JupyterServer {
    /// The notebooks on the server, at locations such as `jupyter:work/report.ipynb`.
    package var contents: ServerContents {
        ServerContents { [connection] () throws(ServerError) in try await connection.connection() }
    }

    /// Returns a provider for a kernel that runs on the server; for the one that was active last, if `id` is nil.
    package func runningKernels(_ id: String?) -> RunningServerKernels { RunningServerKernels(id, on: connection) }

    /// Runs a command in a terminal of the server.
    ///
    /// - Parameters:
    ///   - output: Receives the output as it arrives, on the connection's thread.
    /// - Returns: The exit status of the command.
    /// - Throws: ``ServerError`` if the command could not be run to its end.
    package func runCommand(
        _ command: String, in folder: String?, limit: Duration?, output: @escaping @Sendable ([UInt8]) -> Void
    ) async throws -> Int {
        try await ServerTerminal(connection.connection()).run(command, in: folder, limit: limit, output: output)
    }

    /// Returns whether a kernel runs on the server.
    package func hasKernel(_ id: String) async throws -> Bool {
        let server = try await connection.connection()
        let reply = try await server.send("GET", ["kernels", id])
        guard reply.isSuccess || reply.status == 404 else { throw server.failure(reply, "GET api/kernels") }
        return reply.isSuccess
    }

    /// Asks a hub to stop the server, if Galley has started it.
    ///
    /// - Throws: ``ServerError`` if the hub refuses it.
    package func stopHubServer() async throws { try await connection.current?.hub?.stop() }

    /// Ends a kernel on the server, if it still runs.
    package func endKernel(_ id: String) async throws {
        let server = try await connection.connection()
        let reply = try await server.send("DELETE", ["kernels", id])
        guard reply.isSuccess || reply.status == 404 else { throw server.failure(reply, "DELETE api/kernels") }
    }
}
