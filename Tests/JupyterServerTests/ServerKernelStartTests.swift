import GalleyJupyterProtocol
import GalleyTestSupport
import Synchronization
import Testing

@testable import GalleyJupyterServer

/// The record of kernels in memory.
private final class Journal: ServerKernelJournal {
    private let state = Mutex((kernels: [String](), left: [String]()))

    init(left: [String] = []) { state.withLock { $0.left = left } }

    var kernels: [String] { state.withLock(\.kernels) }

    func add(_ kernel: String, named name: String, on server: String) {
        state.withLock { $0.kernels.append(kernel) }
    }

    func remove(_ kernel: String) {
        state.withLock { state in
            state.kernels.removeAll { $0 == kernel }
            state.left.removeAll { $0 == kernel }
        }
    }

    func leftKernels(on server: String) -> [String] { state.withLock(\.left) }
}

@Suite struct `The start of a kernel on a server` {
    /// Starts a server that answers the request for a kernel, and the questions about it, in this way.
    private func server(start: String, questions: String) async throws -> ScriptedServer {
        try await ScriptedServer(
            """
            [{"path": "/api", "answers": [{"json": {"version": "2.21.1"}}]},
             {"path": "/api/kernelspecs", "answers": [{"json": {"kernelspecs": {"python3": {"spec": {}}}}}]},
             {"method": "POST", "path": "/api/kernels", "answers": [\(start)]},
             {"path": "/api/kernels/[^/]+", "answers": [\(questions)]},
             {"method": "DELETE", "path": "/api/kernels/[^/]+", "answers": [{"status": 204}]}]
            """)
    }

    private let missing = #"{"status": 404, "json": {"message": "Kernel does not exist"}}"#

    private func start(on server: ScriptedServer, _ journal: Journal, _ warnings: Warnings = Warnings()) async throws {
        var provider = JupyterServer(server.url, credentials: .none)
        provider.journal = journal
        var request = KernelRequest("python3")
        request.warn = { warnings.add($0) }
        try await provider.withKernel(request) { _ in }
    }

    private final class Warnings: Sendable {
        private let texts = Mutex<[String]>([])
        func add(_ text: String) { texts.withLock { $0.append(text) } }
        var all: [String] { texts.withLock(\.self) }
    }

    @Test func `A kernel whose start a proxy did not answer is deleted when it has started`() async throws {
        let server = try await server(
            start: #"{"status": 504, "body": "<html>"}"#,
            questions: "\(missing), \(missing), {\"json\": {\"id\": \"x\"}}, \(missing)")
        let journal = Journal()
        let error = await #expect(throws: ServerError.self) { try await start(on: server, journal) }
        guard case .failed(_, _, 504, _)? = error else { Issue.record("\(error as Any)"); return }
        let requests = try server.requests
        // The request is not repeated: the server would start a second process.
        #expect(requests.count { $0.method == "POST" } == 1)
        #expect(requests.count { $0.method == "DELETE" } == 1 && journal.kernels == [])
    }

    @Test func `A start that the server refuses leaves no record`() async throws {
        let server = try await server(
            start: #"{"status": 500, "json": {"message": "the kernel's program is missing"}}"#, questions: missing)
        let journal = Journal()
        await #expect(throws: ServerError.self) { try await start(on: server, journal) }
        #expect(journal.kernels == [])
    }

    @Test func `Only kernels that still run count as ended by the next run`() async throws {
        let server = try await server(
            start: #"{"status": 500, "json": {"message": "no"}}"#,
            questions: "{\"json\": {\"id\": \"x\"}}, \(missing)")
        let (journal, warnings) = (Journal(left: ["11", "22"]), Warnings())
        await #expect(throws: ServerError.self) { try await start(on: server, journal, warnings) }
        #expect(warnings.all.filter { $0.contains("which a killed run had left") }.count == 1)
        #expect(journal.leftKernels(on: "") == [])
    }
}
