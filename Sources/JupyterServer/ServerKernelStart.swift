import GalleyConcurrency
import GalleyHTTP
import GalleyJSON
import GalleyJupyterProtocol
import Glibc

/// The start of a kernel on a server.
struct ServerKernelStart: Sendable {
    let server: ServerConnection
    let request: KernelRequest
    private let journal: (any ServerKernelJournal)?
    private let deadline: ContinuousClock.Instant
    /// The time between two attempts while the server has no place for a kernel.
    private static let fullServerPause = Duration.seconds(2)
    /// The time in which a kernel can appear whose start was not answered.
    private static let unansweredStartLimit = Duration.seconds(10)

    init(
        _ request: KernelRequest, on server: ServerConnection, until deadline: ContinuousClock.Instant,
        _ journal: (any ServerKernelJournal)? = nil
    ) {
        (self.server, self.request, self.deadline, self.journal) = (server, request, deadline, journal)
    }

    private func failure(_ error: ServerKernelError) -> ServerError { .kernel(server.base.origin, error) }

    private var remaining: Duration { max(.milliseconds(1), ContinuousClock.now.duration(to: deadline)) }

    /// Starts the kernel, and waits until it is ready.
    ///
    /// - Throws: ``ServerError``, or `CancellationError` if the task is canceled. The server then has no kernel of this
    ///   start.
    func kernel() async throws -> ServerKernel {
        let name = try await chooseKernel()
        let body = try await body(name: name)
        let id = try await startKernel(body)
        do {
            return try await connect(to: id, name: name) { [journal] in journal?.remove(id) }
        } catch {
            await delete(id)
            throw error
        }
    }

    /// Connects to a kernel that runs already, and that is left running.
    ///
    /// - Throws: ``ServerError``, or `CancellationError` if the task is canceled.
    func existingKernel(_ id: String) async throws -> ServerKernel {
        guard Self.isID(id) else { throw failure(.notRunning(id: id)) }
        let reply = try await server.send("GET", ["kernels", id], timeout: remaining)
        guard reply.status != 404 else { throw failure(.notRunning(id: id)) }
        guard reply.isSuccess, let name = reply.json?["name"]?.string else {
            throw server.failure(reply, "GET api/kernels")
        }
        return try await connect(to: id, name: name, reportEnd: nil)
    }

    /// Ends the kernels that killed runs have left on the server.
    func endLeftKernels() async {
        for id in journal?.leftKernels(on: server.description) ?? [] {
            guard let isThere = try? await server.hasKernel(id) else { continue }
            if isThere, await !ServerKernel.delete(id, on: server, within: .seconds(10), request.warn) { continue }
            journal?.remove(id)
            guard isThere else { continue }
            request.warn("ended the kernel \(id), which a killed run had left on the server")
        }
    }

    private func delete(_ id: String) async {
        // The task may be canceled.
        await Task { [server, request, journal] in
            if await ServerKernel.delete(id, on: server, within: .seconds(10), request.warn) { journal?.remove(id) }
        }.value
    }

    // MARK: - The request

    private func chooseKernel() async throws(ServerError) -> String {
        let kernels = try await server.kernels(timeout: remaining)
        guard let choice = kernels.choose(for: request) else {
            throw failure(
                .notFound(
                    name: request.kernel ?? request.notebook.name, available: kernels.kernels.map(\.name)))
        }
        if let warning = choice.warning { request.warn(warning) }
        return choice.name
    }

    /// Returns the body of the request for a kernel with an ID of this client's choice, so that it can be repeated.
    private func body(name: String) async throws -> Value {
        let id = Self.newID()
        var body: Value = ["kernel_id": .string(id), "name": .string(name)]
        var environment = request.environment
        let folder = request.workingDirectory ?? request.notebookDirectory.flatMap { ServerContents.folder(of: $0) }
        switch server.kind {
        case .jupyterServer:
            guard environment.isEmpty else {
                throw UnsupportedKernelRequest(.environment, provider: "\(server.kind)")
            }
            if let folder {
                body["path"] = .string(try await check(folder))
            } else {
                let local = request.notebookDirectory.flatMap(localFolder)
                // Without a path, the kernel would start in the folder in which the server was started.
                body["path"] = .string(await existing(local) ?? "")
            }
        case .kernelGateway:
            guard request.workingDirectory == nil else {
                throw UnsupportedKernelRequest(.workingDirectory, provider: "\(server.kind)")
            }
        case .enterpriseGateway:
            environment["KERNEL_ID"] = id
            if let folder = request.workingDirectory { environment["KERNEL_WORKING_DIR"] = folder }
        }
        if !environment.isEmpty {
            let names = request.environment.keys.filter { !$0.hasPrefix("KERNEL_") }.sorted()
            if !names.isEmpty {
                request.warn(
                    "the gateway passes \(names.joined(separator: ", ")) on to the kernel only if its settings allow "
                        + "these variables")
            }
            body["env"] = .object(
                environment.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
        }
        return body
    }

    /// Returns the path from the server's root to a folder of this machine; nil if the server does not have the folder.
    private func localFolder(_ folder: String) -> String? {
        guard let root = server.localRoot.flatMap(Self.resolved), let folder = Self.resolved(folder) else { return nil }
        let (rootNames, names) = (root.split(separator: "/"), folder.split(separator: "/"))
        return names.starts(with: rootNames) ? names.dropFirst(rootNames.count).joined(separator: "/") : nil
    }

    /// Returns the path of a folder that the server has; nil if it has none there.
    private func existing(_ folder: String?) async -> String? {
        guard let folder else { return nil }
        return try? await check(folder)
    }

    /// Returns the absolute path without links; nil if nothing exists there.
    private static func resolved(_ path: String) -> String? {
        // Safe because the result is copied before it is freed.
        guard let found = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }

    /// Returns the path of a folder as the API takes it, if the server has the folder. Otherwise the server would use
    /// another one.
    private func check(_ folder: String) async throws(ServerError) -> String {
        let names = folder.split(separator: "/").map(String.init).filter { $0 != "." }
        let path = names.joined(separator: "/")
        guard !names.isEmpty else { return "" }
        let reply = try await server.send(
            "GET", ["contents"] + names, query: [HTTPURL.QueryItem(name: "content", value: "0")],
            timeout: remaining)
        guard reply.status != 404 else { throw failure(.noFolder(path: path)) }
        guard reply.isSuccess else { throw server.failure(reply, "GET api/contents") }
        guard reply.json?["type"]?.string == "directory" else { throw failure(.noFolder(path: path)) }
        return path
    }

    private static func newID() -> String {
        let digits = (0..<32).map { index in
            switch index {
            // The version and the variant of a random UUID.
            case 12: "4"
            case 16: String(Int.random(in: 8...11), radix: 16)
            default: String(Int.random(in: 0...15), radix: 16)
            }
        }
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { digits[$0].joined() }.joined(separator: "-")
    }

    // MARK: - The start

    /// Asks the server to start the kernel; waits while the server has no place for one.
    ///
    /// - Returns: The kernel's ID.
    private func startKernel(_ body: Value) async throws -> String {
        let wanted = body["kernel_id"]?.string ?? ""
        let name = body["name"]?.string ?? ""
        journal?.add(wanted, named: name, on: server.description)
        do {
            let id = try await requestKernel(body)
            if id != wanted {
                journal?.remove(wanted)
                journal?.add(id, named: name, on: server.description)
            }
            return id
        } catch {
            switch error {
            case ServerError.http(.refused), ServerError.http(.unresolved): journal?.remove(wanted)
            case ServerError.http, ServerError.failed(_, _, 502, _), ServerError.failed(_, _, 504, _):
                await deleteWhenStarted(wanted)
            default: await delete(wanted)
            }
            throw Task.isCancelled ? CancellationError() as any Error : error
        }
    }

    /// Deletes a kernel whose start has not been answered. Until it has started, the server says that it has none.
    ///
    /// If the kernel does not appear in time, its record stays, and the next run on the server ends it.
    private func deleteWhenStarted(_ id: String) async {
        // The task may be canceled.
        await Task { [server, request, journal] in
            let end = ContinuousClock.now + Self.unansweredStartLimit
            while let isThere = try? await server.hasKernel(id), ContinuousClock.now < end {
                if isThere {
                    guard await ServerKernel.delete(id, on: server, within: .seconds(10), request.warn) else { return }
                    journal?.remove(id)
                    return
                }
                try? await Task.sleep(for: .milliseconds(500))
            }
        }.value
    }

    /// Asks the server for the kernel; waits while the server has no place for one.
    private func requestKernel(_ body: Value) async throws -> String {
        var refusal: String?
        var hasWarned = false
        while true {
            do throws(ServerError) {
                // A repeated request would start another process if the first one is still being answered.
                let reply = try await server.send(
                    "POST", ["kernels"], json: body, timeout: remaining, isRepeatable: false)
                if reply.isSuccess {
                    guard let id = reply.json?["id"]?.string, Self.isID(id) else {
                        throw .invalidReply(server.base.origin, request: "POST api/kernels")
                    }
                    return id
                }
                guard Self.isFull(reply.status, reply.reason) else {
                    throw server.failure(reply, "POST api/kernels")
                }
                refusal = reply.reason ?? "HTTP status \(reply.status)"
            } catch {
                // The time for the start may end during a later request.
                if hasWarned, case .http(.timedOut) = error {
                    throw failure(.tooMany(reason: refusal, request.startTimeout))
                }
                guard case .forbidden(_, let reason) = error, Self.isFull(403, reason) else { throw error }
                refusal = reason
            }
            guard remaining > Self.fullServerPause else {
                throw failure(.tooMany(reason: refusal, request.startTimeout))
            }
            if !hasWarned {
                request.warn("the server accepts no more kernels now (\(refusal ?? "")); waiting for a place")
                hasWarned = true
            }
            try await Task.sleep(for: Self.fullServerPause)
        }
    }

    /// Whether an ID is one that can be part of a path.
    private static func isID(_ id: String) -> Bool {
        (1...100).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// Whether a reply means that the server has no place for another kernel now.
    static func isFull(_ status: Int, _ reason: String?) -> Bool {
        if status == 429 || status == 503 { return true }
        let words = ["too many", "resource limit", "maximum number", "exceeded"]
        let reason = reason?.lowercased() ?? ""
        return (400..<600).contains(status) && words.contains { reason.contains($0) }
    }

    /// Connects to a kernel, and waits until it is ready.
    ///
    /// - Parameter reportEnd: Records the end of the kernel; nil if the kernel is left running.
    private func connect(
        to id: String, name: String, reportEnd: (@Sendable () -> Void)?
    ) async throws -> ServerKernel {
        let session = Session()
        let channel = ServerChannel(
            ServerKernelEndpoint(server, kernel: id, session: session.id), session: session, warn: request.warn)
        channel.open()
        let ready = channel.ready
        let limit = remaining
        let found = await withTaskCancellationHandler {
            await ready.value(within: limit)
        } onCancel: {
            channel.abort()
        }
        switch found {
        case .success(let info)?:
            return ServerKernel(
                info, name: name, id: id, on: server, channel, warn: request.warn, reportEnd: reportEnd)
        case .failure(let failure)?:
            channel.abort()
            try Task.checkCancellation()
            throw self.failure(.failed(failure))
        case nil:
            channel.abort()
            throw failure(channel.lastProblem.map { .noConnection(reason: $0) } ?? .silent(request.startTimeout))
        }
    }
}
