import GalleyConcurrency
import GalleyHTTP
import GalleyJSON
import GalleyJupyterProtocol
import Synchronization

/// A kernel on a Jupyter server, ready for requests.
final class ServerKernel: Kernel {
    let info: KernelInfo
    let name: String
    private let id: String
    private let server: ServerConnection
    private let channel: ServerChannel
    private let warn: @Sendable (String) -> Void
    /// Records the end of the kernel; nil if another client has started it, and it must not be ended.
    private let reportEnd: (@Sendable () -> Void)?
    /// The task that ends or leaves the kernel; nil before that.
    private let ending = Mutex<Task<Void, Never>?>(nil)
    private let isKept = Mutex(false)

    /// The time limits for the end of the kernel, and for an interrupt.
    private static let (endTimeout, interruptTimeout) = (Duration.seconds(30), Duration.seconds(10))

    init(
        _ info: KernelInfo, name: String, id: String, on server: ServerConnection, _ channel: ServerChannel,
        warn: @escaping @Sendable (String) -> Void, reportEnd: (@Sendable () -> Void)?
    ) {
        self.reportEnd = reportEnd
        (self.info, self.name, self.id, self.server) = (info, name, id, server)
        (self.channel, self.warn) = (channel, warn)
    }

    var session: Session { channel.session }
    var messages: KernelMessages { channel.messages }
    func send(_ message: Message) { channel.send(message) }

    /// Asks the server to interrupt the kernel.
    func interrupt() async {
        let reply = try? await server.send(
            "POST", ["kernels", id, "interrupt"], timeout: Self.interruptTimeout, isRepeatable: true)
        if reply?.isSuccess != true { warn("the server did not interrupt the kernel") }
    }

    /// Deletes the kernel on the server, and receives its last messages. Leaves a kernel of another client running.
    func shutdown() async { await end(force: false) }

    /// Deletes the kernel on the server. The messages end at once.
    func kill() async { await end(force: true) }

    /// Closes the connection and leaves the kernel running.
    func keep() async throws -> KeptKernel? {
        guard channel.ready.current.map({ if case .success = $0 { true } else { false } }) == true,
            !channel.isClosed, ending.withLock({ $0 == nil })
        else { return nil }
        isKept.withLock { $0 = true }
        await channel.close()
        return KeptKernel(server: server.description, id: id)
    }

    private func end(force: Bool) async {
        guard !isKept.withLock(\.self) else { return }
        if force { channel.abort() }
        let task = ending.withLock { ending in
            if let ending { return ending }
            channel.expectEnd()
            // The task of a canceled run could not send requests.
            let task = Task { [self] in
                if let reportEnd, await Self.delete(id, on: server, within: Self.endTimeout, warn) { reportEnd() }
                await channel.close()
            }
            ending = task
            return task
        }
        await task.value
    }

    /// Deletes a kernel, and warns if it may still run.
    ///
    /// - Returns: Whether the server no longer has the kernel.
    @discardableResult
    static func delete(
        _ id: String, on server: ServerConnection, within limit: Duration, _ warn: @Sendable (String) -> Void
    ) async -> Bool {
        guard let reason = await server.deleteKernel(id, within: limit) else { return true }
        warn("the kernel \(id) may still run on \(server): \(reason). End it on the server's page of running kernels")
        return false
    }
}

extension ServerConnection {
    /// Returns whether the server has a kernel.
    ///
    /// - Throws: ``ServerError`` if the server does not say so. A proxy can answer 404 too, but not in JSON.
    func hasKernel(_ id: String) async throws(ServerError) -> Bool {
        let reply = try await send("GET", ["kernels", id], timeout: Self.kernelTimeout)
        if reply.status == 404, reply.json != nil { return false }
        guard reply.isSuccess else { throw failure(reply, "GET api/kernels") }
        return true
    }

    /// Deletes a kernel, and checks that the server no longer has it; tries again until `limit`.
    ///
    /// - Returns: Nil if the server no longer has the kernel, otherwise the reason.
    func deleteKernel(_ id: String, within limit: Duration) async -> String? {
        let end = ContinuousClock.now + limit
        var pause = Duration.milliseconds(200)
        var reason = "the server did not respond"
        repeat {
            do throws(ServerError) {
                let reply = try await send("DELETE", ["kernels", id], timeout: Self.kernelTimeout)
                if reply.status == 404, reply.json != nil { return nil }
                if try await !hasKernel(id) { return nil }
                reason = "the server answered with HTTP status \(reply.status)"
            } catch {
                reason = "\(error)"
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(3))
        } while ContinuousClock.now < end
        return reason
    }

    /// The time limit of a request about a kernel.
    private static let kernelTimeout = Duration.seconds(15)
}
