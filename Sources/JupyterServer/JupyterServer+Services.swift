import GalleyHTTP

/// The other services of a server, which share the connection of its kernels.
extension JupyterServer {
    /// The notebooks on the server, at locations such as `jupyter:work/report.ipynb`.
    package var contents: ServerContents {
        ServerContents { [connection] () throws(ServerError) in try await connection.open() }
    }

    /// Returns a provider for a kernel that runs on the server; for the one that was active last, if `id` is nil.
    package func runningKernels(_ id: String?) -> RunningServerKernels { RunningServerKernels(id, on: connection) }

    /// Runs a command in a terminal of the server.
    ///
    /// - Parameters:
    ///   - warn: Receives a sentence about a terminal that could not be removed.
    ///   - output: Receives the output as it arrives, on the connection's thread.
    /// - Returns: The exit status of the command.
    /// - Throws: ``ServerError`` if the command could not be run to its end.
    package func runCommand(
        _ command: String, in folder: String?, limit: Duration?, warn: @escaping @Sendable (String) -> Void,
        output: @escaping @Sendable ([UInt8]) -> Void
    ) async throws -> Int {
        let terminal = ServerTerminal(try await connection.open())
        return try await terminal.run(command, in: folder, limit: limit, warn: warn, output: output)
    }

    /// Returns whether a kernel runs on the server.
    package func hasKernel(_ id: String) async throws -> Bool { try await connection.open().hasKernel(id) }

    /// Ends a kernel on the server, if it still runs.
    ///
    /// - Throws: ``ServerError`` if the server may still have the kernel.
    package func endKernel(_ id: String) async throws {
        let server = try await connection.open()
        guard let reason = await server.deleteKernel(id, within: .seconds(15)) else { return }
        throw ServerError.kernel(server.base.origin, .notEnded(id: id, reason: reason))
    }

    /// Asks a hub to stop the server, if Galley has started it.
    ///
    /// - Throws: ``ServerError`` if the hub refuses it.
    package func stopHubServer() async throws { try await connection.startedHubServer?.stop() }
}
