import Foundation
import GalleyTestSupport
import Testing

@Suite(.serialized, .realKernel) struct `Kernels of sparkmagic` {
    let folder: TemporaryFolder
    /// An imitation of the server that runs the statements.
    let livy: FixtureServer

    init() throws {
        (folder, livy) = (try TemporaryFolder(), try FixtureServer("livy.py"))
        try configure("")
    }

    /// Writes sparkmagic's configuration, with further members.
    private func configure(_ more: String) throws {
        let server = #"{"username": "", "password": "", "auth": "None", "url": "http://127.0.0.1:\#(livy.port)"}"#
        let members = ["python", "scala", "r"].map { "\"kernel_\($0)_credentials\": \(server)" }
        try folder.write("{\(members.joined(separator: ", "))\(more)}", to: "config.json")
    }

    private var environment: [String: String] {
        let python = Repository.root + "/.build/python-spark"
        return [
            "JUPYTER_PATH": python + "/share/jupyter", "PATH": python + "/bin:/usr/bin:/bin", "HOME": folder.path,
            "SPARKMAGIC_CONF_DIR": folder.path,
        ]
    }

    private func execute(
        _ sources: [String], kernel: String = "pysparkkernel", _ options: String...
    ) async throws -> GalleyProgram.Run {
        try folder.write(sources, kernel: kernel)
        return try await GalleyProgram.run(
            ["execute", "--inplace", "--quiet"] + options + ["a.ipynb"], environment: environment, in: folder)
    }

    /// The outputs of a cell without those of the start of the session, and without progress bars.
    private func texts(_ cell: Int) throws -> [String] {
        try folder.notebook().outputs[cell].filter {
            !$0.hasPrefix("FloatProgress") && !$0.contains("Spark") && !$0.contains("HTML object")
        }
    }

    /// The state of the server: open sessions, sessions in all, questions about running statements, and
    /// statements and cancellations.
    private struct State: Decodable {
        let open: Int
        let sessions: Int
        let questions: Int
        let history: [String]
    }

    private func serverState() throws -> State {
        try JSONDecoder().decode(State.self, from: Data(livy.command("").utf8))
    }

    @Test(arguments: ["sparkkernel", "pysparkkernel", "sparkrkernel"])
    func `A notebook runs in one session, which ends with the kernel`(kernel: String) async throws {
        let run = try await execute(["print 42", "%%local\n6 * 7", "print 43"], kernel: kernel)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try texts(0) == ["42"] && texts(1) == ["42"] && texts(2) == ["43"])
        let state = try serverState()
        #expect(state.sessions == 1 && state.open == 0)
        #expect(state.history == ["spark", "print 42", "print 43"])
    }

    @Test func `At a time limit the statement is canceled, and the next cell can run`() async throws {
        let run = try await execute(
            ["print 1", "wait", "print 2"], kernel: "pysparkkernel", "--timeout", "10s", "--on-timeout", "interrupt")
        #expect(run.status == 124 && run.errors.contains("cell 2 of 3 took longer"), "\(run.errors)")
        #expect(try texts(0) == ["1"] && texts(2) == ["2"])
        #expect(try texts(1) == ["Interrupted by user\n", "TimeLimitReached"])
        let state = try serverState()
        #expect(state.history == ["spark", "print 1", "wait", "cancel", "print 2"] && state.open == 0)
    }

    @Test func `SIGTERM cancels the statement and ends the session`() async throws {
        try folder.write(["wait"], kernel: "pysparkkernel")
        let run = try await GalleyProgram.start(
            ["execute", "--inplace", "--quiet", "a.ipynb"], environment: environment, in: folder)
        #expect(try await eventually { try serverState().questions > 0 })
        run.send(SIGTERM)
        #expect(try await run.end().status == 143)
        // The kernel may be shut down before it says that it was interrupted.
        let texts = try texts(0)
        #expect(texts.last == "RunStopped", "\(texts)")
        let state = try serverState()
        #expect(state.history == ["spark", "wait", "cancel"] && state.open == 0, "\(state)")
    }

    @Test func `A failed statement fails the run only if sparkmagic raises all errors`() async throws {
        let first = try await execute(["fail", "print 1"])
        #expect(first.status == 0, "\(first.errors)")
        #expect(try texts(0).joined().contains("the statement failed") && texts(1) == ["1"])
        try configure(#", "all_errors_are_fatal": true"#)
        let second = try await execute(["fail", "print 1"])
        #expect(second.status == 1 && second.errors.contains("cell 1 of 2 raised SparkStatementException"))
        // `texts` leaves out the name of the error.
        #expect(try folder.notebook().outputs[0].last == "SparkStatementException" && texts(1) == [])
    }
}
