import GalleyConcurrency
import GalleyJSON
import GalleyJupyterProtocol
import GalleyTestSupport
import Synchronization
import Testing

@testable import GalleyJupyterServer

@Suite struct `The choice of a server's kernel` {
    private static func kernels() throws -> ServerKernels {
        let json: Value = [
            "default": "python3",
            "kernelspecs": [
                "python3": ["name": "python3", "spec": ["display_name": "Python 3", "language": "python"]],
                "ir": ["spec": ["display_name": "R", "language": "R", "interrupt_mode": "signal"]],
                "deno": ["spec": ["language": "typescript"]], "xts": ["spec": ["language": "TypeScript"]], "odd": 5,
            ],
        ]
        return try #require(ServerKernels(json, location: "https://a/"))
    }

    @Test func `The list has each kernel with its language and the server's address`() throws {
        let kernels = try Self.kernels().kernels
        #expect(kernels.map(\.name) == ["deno", "ir", "odd", "python3", "xts"])
        #expect(kernels.map(\.displayName) == ["deno", "R", "odd", "Python 3", "xts"])
        #expect(kernels.allSatisfy { $0.location == "https://a/" })
    }

    @Test(
        arguments: [
            // The caller's kernel, the notebook's kernel and language, whether another may replace it, the choice.
            ("ir", "python3", "python", false, "ir"), ("PYTHON3", nil, nil, false, "python3"),
            ("nope", "python3", "python", true, nil), (nil, "ir", "R", false, "ir"), (nil, "conda-r", "r", true, "ir"),
            (nil, "conda-r", "r", false, nil), (nil, "ts", "typescript", true, nil), (nil, "cobol", "cobol", true, nil),
            (nil, nil, nil, false, "python3"), (nil, nil, "r", false, "ir"), (nil, nil, "cobol", true, nil),
        ] as [(String?, String?, String?, Bool, String?)])
    func `The caller's choice comes first, then the notebook's, then its language`(
        kernel: String?, name: String?, language: String?, allowsFallback: Bool, choice: String?
    ) throws {
        var request = KernelRequest(kernel, notebook: WantedKernel(name: name, language: language))
        request.allowsFallback = allowsFallback
        let found = try Self.kernels().choose(for: request)
        #expect(found?.name == choice)
        #expect((found?.warning != nil) == (choice != nil && kernel == nil && name != nil && name != choice))
    }

    @Test func `A reply that is not a list of kernels is refused`() {
        for json: Value in [[:], [], ["kernelspecs": []], 5] { #expect(ServerKernels(json, location: "") == nil) }
    }

    @Test(
        arguments: [
            (429, nil, true), (503, nil, true), (500, "Resource Limit", true), (403, "Exceeded maximum number", true),
            (400, "Too many kernels are running", true), (500, "Unhandled error", false), (404, nil, false),
            (201, "too many", false),
        ] as [(Int, String?, Bool)])
    func `A full server is distinguished from one that fails`(status: Int, reason: String?, isFull: Bool) {
        #expect(ServerKernelStart.isFull(status, reason) == isFull)
    }

    @Test(arguments: [
        ServerKernelError.notFound(name: "a", available: ["b"]), .notFound(name: nil, available: []),
        .noFolder(path: "x"), .tooMany(reason: "full", .seconds(60)), .silent(.seconds(60)),
        .failed(.disconnected("gone")), .noConnection(reason: "refused"), .notAllowed(.userNamed("ann")),
        .notAllowed(.notebookOfAnotherUser),
    ])
    func `An error of a server's kernel is a sentence, and tells whether a retry may help`(error: ServerKernelError) {
        #expect("\(error)".count > 20)
        switch error {
        case .tooMany, .silent, .failed, .noConnection: #expect(error.isTransient)
        default: #expect(!error.isTransient)
        }
    }
}

/// A socket of a test, which keeps the frames that were sent.
private final class FakeSocket: ServerSocket {
    let subprotocol: String?
    let receive: @Sendable (ServerWireFormat.Frame) -> Void
    let end: @Sendable (ServerSocketEnding) -> Void
    private let state = Mutex((sent: [ServerWireFormat.Frame](), isOver: false))

    init(
        _ subprotocol: String?, _ receive: @escaping @Sendable (ServerWireFormat.Frame) -> Void,
        _ end: @escaping @Sendable (ServerSocketEnding) -> Void
    ) { (self.subprotocol, self.receive, self.end) = (subprotocol, receive, end) }

    var sent: [ServerWireFormat.Frame] { state.withLock(\.sent) }
    var isOver: Bool { state.withLock(\.isOver) }
    func send(_ frame: ServerWireFormat.Frame) { state.withLock { $0.sent.append(frame) } }
    func close() async { abort() }
    func abort() { state.withLock { $0.isOver = true } }

    /// The messages that were sent.
    var messages: [Message] {
        sent.compactMap { try? ServerWireFormat.message(of: $0) }
    }
}

@Suite struct `The channel to a kernel` {
    /// A server whose kernel replies to every kernel info request.
    private final class FakeServer: Sendable {
        let sockets = Mutex<[FakeSocket]>([])
        /// Whether a proxy removes the subprotocol from the answers.
        let isBehindProxy: Bool

        init(isBehindProxy: Bool = false) { self.isBehindProxy = isBehindProxy }

        var endpoint: ServerKernelEndpoint {
            ServerKernelEndpoint { subprotocol, receive, end in
                let socket = FakeSocket(self.isBehindProxy ? nil : subprotocol, receive, end)
                // A server sends frames at once, in the framing that was offered.
                let status = Session().message("status", on: .iopub, content: ["execution_state": "busy"])
                receive(ServerWireFormat(subprotocol: subprotocol).frame(of: status))
                self.sockets.withLock { $0.append(socket) }
                return socket
            } state: {
                .present("busy")
            }
        }

        var last: FakeSocket? { sockets.withLock(\.last) }

        /// Replies to the kernel info requests that have been sent.
        func reply(_ framing: ServerWireFormat, _ kernel: Session) async throws {
            #expect(try await eventually { last?.messages.contains(where: \.isKernelInfoRequest) == true })
            let socket = try #require(self.last)
            let requests = socket.messages.filter(\.isKernelInfoRequest)
            let request = try #require(requests.last)
            socket.receive(
                framing.frame(
                    of: kernel.message(
                        "kernel_info_reply", on: .shell, content: ["implementation": "k"], parent: request.header)))
            socket.receive(
                framing.frame(
                    of: kernel.message(
                        "status", on: .iopub, content: ["execution_state": "idle"], parent: request.header)))
        }
    }

    @Test func `A kernel that replies is ready, and messages of both sides pass`() async throws {
        let server = FakeServer()
        let channel = ServerChannel(server.endpoint, session: Session()) { _ in }
        channel.open()
        let (format, kernel) = (ServerWireFormat(subprotocol: ServerWireFormat.subprotocol), Session())
        try await server.reply(format, kernel)
        guard case .success? = await channel.ready.value(within: .seconds(60)) else {
            Issue.record("not ready"); return
        }
        let request = channel.session.executeRequest("1")
        channel.send(request)
        let socket = try #require(server.last)
        #expect(socket.messages.last?.header.id == request.header.id)
        socket.receive(
            format.frame(
                of: kernel.message(
                    "execute_reply", on: .shell, content: ["status": "ok"], parent: request.header)))
        let iterator = channel.messages.makeAsyncIterator()
        #expect(try await iterator.next()?.isExecuteReply == true)
        await channel.close()
        #expect(try await iterator.next() == nil)
        #expect(socket.isOver && channel.isClosed)
    }

    @Test func `A connection whose subprotocol a proxy removes is opened again without one`() async throws {
        let server = FakeServer(isBehindProxy: true)
        let channel = ServerChannel(server.endpoint, session: Session()) { _ in }
        channel.open()
        try await server.reply(ServerWireFormat(subprotocol: nil), Session())
        guard case .success? = await channel.ready.value(within: .seconds(60)) else {
            Issue.record("not ready"); return
        }
        let sockets = server.sockets.withLock(\.self)
        #expect(sockets.count == 2 && sockets[0].isOver && sockets[0].sent.isEmpty)
        guard case .text? = sockets[1].sent.first else { Issue.record("no legacy frame was sent"); return }
        // A later connection offers nothing from its beginning.
        sockets[1].end(.broken)
        #expect(try await eventually { server.sockets.withLock(\.count) == 3 })
        try await server.reply(ServerWireFormat(subprotocol: nil), Session())
        #expect(server.sockets.withLock(\.count) == 3)
        channel.abort()
    }

    @Test func `A frame that is not a message ends the kernel, and the reason holds none of its bytes`() async throws {
        let server = FakeServer()
        let channel = ServerChannel(server.endpoint, session: Session()) { _ in }
        channel.open()
        try await server.reply(ServerWireFormat(subprotocol: ServerWireFormat.subprotocol), Session())
        server.last?.receive(.text(Array("secret".utf8)))
        let iterator = channel.messages.makeAsyncIterator()
        let error = await #expect(throws: KernelFailure.self) { _ = try await iterator.next() }
        guard case .untrustworthy(let reason)? = error else { Issue.record("\(error as Any)"); return }
        #expect(!reason.contains("secret") && server.last?.isOver == true)
    }

    @Test func `A broken connection is opened again, and late events of the old one are ignored`() async throws {
        let server = FakeServer()
        let warnings = Mutex<[String]>([])
        let channel = ServerChannel(server.endpoint, session: Session()) { text in
            warnings.withLock { $0.append(text) }
        }
        channel.open()
        let (format, kernel) = (ServerWireFormat(subprotocol: ServerWireFormat.subprotocol), Session())
        try await server.reply(format, kernel)
        _ = await channel.ready.value(within: .seconds(60))
        let old = try #require(server.last)
        old.end(.broken)
        #expect(try await eventually { server.sockets.withLock(\.count) == 2 })
        try await server.reply(format, kernel)
        old.receive(.text([]))
        old.end(.broken)
        #expect(try await eventually { warnings.withLock(\.count) == 2 })
        #expect(server.sockets.withLock(\.count) == 2 && !channel.isClosed)
        channel.abort()
    }

    @Test func `An answer to input that is too large becomes an end of file`() throws {
        let session = Session()
        let question = session.message("input_request", on: .stdin)
        let answer = session.inputReply("x", to: question)
        let oversized = OversizedMessage(answer, size: 11 << 20)
        #expect(oversized.replies(in: session).isEmpty && oversized.warning != nil)
        let substitute = try #require(oversized.substitute(in: session))
        #expect(substitute.parent?.id == question.header.id && substitute.content["value"]?.string == "\u{4}")
        let request = OversizedMessage(session.executeRequest("x"), size: 11 << 20)
        #expect(request.replies(in: session).map(\.type) == ["error", "execute_reply", "status"])
        #expect(request.warning == nil && request.substitute(in: session) == nil)
    }
}
