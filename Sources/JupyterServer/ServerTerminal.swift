import GalleyConcurrency
import GalleyHTTP
import GalleyJSON
import Synchronization

/// Runs a command in a new terminal of a Jupyter server, and removes the terminal afterward.
///
/// The command runs in `bash`, or in `sh` where there is no `bash`, as a child of the user's login shell: with its
/// environment, in a terminal, without input. The terminal replaces output that is not UTF-8.
package struct ServerTerminal: Sendable {
    private let connection: ServerConnection
    /// The time in which the login shell must respond.
    package var startTimeout = Duration.seconds(60)
    /// The time between two attempts to start the command, if the login shell does not respond.
    package var retryInterval = Duration.seconds(5)
    /// The time in which a command that was interrupted must end, before its terminal is removed.
    package var interruptTimeout = Duration.seconds(5)

    /// Creates terminals of a server.
    package init(_ connection: ServerConnection) { self.connection = connection }

    /// The end of a command, or of its terminal.
    private enum Ending: Sendable {
        case finished(Int)
        case failed(ServerError)
    }

    /// Runs a command.
    ///
    /// - Parameters:
    ///   - command: Lines for the shell.
    ///   - folder: The working directory, relative to the server's root; nil for the server's choice.
    ///   - limit: The time limit of the command; nil for none.
    ///   - warn: Receives a sentence about a terminal that could not be removed.
    ///   - output: Receives the output as it arrives, on the connection's thread.
    /// - Returns: The exit status of the command, with 128 added to the number of a signal.
    /// - Throws: ``ServerError`` if the command could not be run to its end. If it runs out of time or the task is
    ///   canceled, the command is interrupted and its terminal removed.
    package func run(
        _ command: String, in folder: String? = nil, limit: Duration? = nil,
        warn: @escaping @Sendable (String) -> Void = { _ in }, output: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(ServerError) -> Int {
        let script = try TerminalScript(command)
        // The server finds names only of letters, digits and underscores.
        let wanted = "galley_" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let name: String
        do throws(ServerError) {
            name = try await makeTerminal(wanted, in: folder)
        } catch {
            if Self.mayHaveMade(error) { await remove(wanted, warn) }
            throw error
        }
        let result = await outcome(of: script, inTerminal: name, limit: limit, output)
        await remove(name, warn)
        return try result.get()
    }

    /// Whether the server may have made a terminal although the request for it failed.
    private static func mayHaveMade(_ error: ServerError) -> Bool {
        switch error {
        case .http(.canceled), .http(.timedOut), .http(.broken), .invalidReply: true
        case .failed(_, _, let status, _): status >= 500
        default: false
        }
    }

    /// Removes a terminal even if the task is canceled, and warns if that fails.
    private func remove(_ name: String, _ warn: @escaping @Sendable (String) -> Void) async {
        let connection = connection
        await Task {
            let reason: String
            do throws(ServerError) {
                let reply = try await connection.send("DELETE", ["terminals", name], timeout: .seconds(15))
                if reply.isSuccess || reply.status == 404 { return }
                reason = "\(connection.failure(reply, "DELETE api/terminals"))"
            } catch {
                reason = "\(error)"
            }
            warn("the terminal \(name) may still run: \(reason). End it on the server's page of running terminals")
        }.value
    }

    /// Creates a terminal and returns its name.
    private func makeTerminal(_ wanted: String, in folder: String?) async throws(ServerError) -> String {
        guard !connection.kind.isGateway else { throw .noTerminals(connection.base.origin) }
        var body = [("name", Value.string(wanted))]
        if let folder { body.append(("cwd", .string(folder))) }
        let reply = try await connection.send("POST", ["terminals"], json: .object(body))
        if reply.status == 404 { throw .noTerminals(connection.base.origin) }
        guard reply.isSuccess else { throw connection.failure(reply, "POST api/terminals") }
        guard let name = reply.json?["name"]?.string, !name.isEmpty else {
            throw .invalidReply(connection.base.origin, request: "POST api/terminals")
        }
        return name
    }

    private func outcome(
        of script: TerminalScript, inTerminal name: String, limit: Duration?,
        _ output: @escaping @Sendable ([UInt8]) -> Void
    ) async -> Result<Int, ServerError> {
        let run = Run(TerminalDialog(script), output: output)
        let (url, headers) = connection.webSocket(["terminals", "websocket", name])
        do throws(WebSocketError) {
            let socket = try await WebSocket.connect(
                to: url, using: connection.client, headers: headers, receive: { run.receive($0) },
                onEnd: { run.end($0) })
            run.use(socket)
        } catch {
            return .failure(.terminalLost(reason: "\(error)"))
        }
        let canceled = AsyncPromise<Void>()
        let ending = await withTaskCancellationHandler {
            await self.ending(of: run, canceled, limit: limit)
        } onCancel: {
            canceled.set(())
        }
        await run.close()
        switch ending {
        case .finished(let status): return .success(status)
        case .failed(let error): return .failure(error)
        }
    }

    /// Starts the command, waits for its end, and interrupts it when it has no more time.
    private func ending(
        of run: Run, _ canceled: AsyncPromise<Void>, limit: Duration?
    ) async -> Ending {
        let news = AsyncPromise<Void>()
        run.ended.whenSet { _ in news.set(()) }
        canceled.whenSet { news.set(()) }
        let deadline = ContinuousClock.now + startTimeout
        // A shell that has printed its prompt reads the line at once. One without a prompt reads it a little later.
        _ = await run.hasOutput.value(within: .seconds(1))
        while !run.hasStarted, news.current == nil {
            guard ContinuousClock.now < deadline else { return .failed(.shellSilent(startTimeout)) }
            run.start()
            _ = await run.started.isSet(before: news, within: retryInterval)
        }
        _ = await news.value(within: limit.map { min($0, .endless) })
        if let ending = run.ended.current { return ending }
        run.interrupt()
        _ = await run.ended.value(within: interruptTimeout)
        guard canceled.current == nil else { return .failed(.http(.canceled)) }
        return .failed(.commandTimedOut(limit ?? .zero))
    }

    /// Performs what a ``TerminalDialog`` asks for.
    private final class Run: Sendable {
        let ended = AsyncPromise<Ending>()
        let started = AsyncPromise<Void>()
        let hasOutput = AsyncPromise<Void>()
        private let state: Mutex<(dialog: TerminalDialog, socket: WebSocket?)>
        private let output: @Sendable ([UInt8]) -> Void

        init(_ dialog: TerminalDialog, output: @escaping @Sendable ([UInt8]) -> Void) {
            state = Mutex((dialog, nil))
            self.output = output
        }

        var hasStarted: Bool { state.withLock { $0.dialog.hasStarted } }

        /// Takes the connection. Nothing is sent before, because the dialog begins with ``start()``.
        func use(_ socket: WebSocket) { state.withLock { $0.socket = socket } }

        func start() { perform { $0.start() } }

        func interrupt() { perform { $0.interrupt() } }

        func receive(_ message: WebSocket.Message) {
            let bytes =
                switch message {
                case .text(let bytes), .binary(let bytes): bytes
                }
            perform { $0.receive(bytes) }
            if hasStarted { started.set(()) }
            hasOutput.set(())
        }

        func end(_ ending: WebSocket.Ending) {
            switch ending {
            case .closed: ended.set(.failed(.terminalLost(reason: "the server has closed it")))
            case .failed(let error): ended.set(.failed(.terminalLost(reason: "\(error)")))
            }
        }

        func close() async {
            // The terminal is removed next, so nothing is lost with the connection.
            state.withLock { $0.socket }?.abort()
        }

        private func perform(_ change: (inout TerminalDialog) -> [TerminalDialog.Action]) {
            let (actions, socket) = state.withLock { (change(&$0.dialog), $0.socket) }
            for action in actions {
                switch action {
                case .send(let message): socket?.send(.text(message))
                case .output(let bytes): output(bytes)
                case .finished(let status): ended.set(.finished(status))
                case .shellEnded: ended.set(.failed(.shellEnded))
                }
            }
        }
    }
}
