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
    /// The task that ends or leaves the kernel; nil before that.
    private let ending = Mutex<Task<Void, Never>?>(nil)
    private let isKept = Mutex(false)

    /// The time limits: for the end of the kernel, for one request about it, and for an interrupt.
    private static let (endTimeout, requestTimeout, interruptTimeout) = (
        Duration.seconds(30), Duration.seconds(15), Duration.seconds(10)
    )

    init(
        _ info: KernelInfo, name: String, id: String, on server: ServerConnection, _ channel: ServerChannel,
        warn: @escaping @Sendable (String) -> Void
    ) {
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

    /// Deletes the kernel on the server, and receives its last messages.
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
                await Self.delete(id, on: server, within: Self.endTimeout, warn)
                await channel.close()
            }
            ending = task
            return task
        }
        await task.value
    }

    /// Deletes a kernel, and checks that the server no longer has it.
    ///
    /// The function tries again until `limit`. After that, a warning says how to end the kernel.
    static func delete(
        _ id: String, on server: ServerConnection, within limit: Duration, _ warn: @Sendable (String) -> Void
    ) async {
        let end = ContinuousClock.now + limit
        var pause = Duration.milliseconds(200)
        var reason = "the server did not respond"
        repeat {
            do throws(ServerError) {
                let reply = try await server.send("DELETE", ["kernels", id], timeout: requestTimeout)
                if reply.status == 404, reply.json != nil { return }
                let check = try await server.send("GET", ["kernels", id], timeout: requestTimeout)
                if check.status == 404, check.json != nil { return }
                reason = "the server answered with HTTP status \(reply.status)"
            } catch {
                reason = "\(error)"
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(3))
        } while ContinuousClock.now < end
        warn("the kernel \(id) may still run on \(server): \(reason). End it on the server's page of running kernels")
    }
}
