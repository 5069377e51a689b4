import GalleyJupyterProtocol
import GalleyTestSupport
import Testing

@testable import GalleyJupyterServer

@Suite struct `A server that repeats the token` {
    private static let access = """
        {"path": "/api", "answers": [{"json": {"version": "2"}}]},
        {"path": "/api/kernelspecs", "answers": [{"json": {"default": "p", "kernelspecs": {
          "p": {"name": "p", "spec": {"display_name": "P", "language": "python", "argv": []}}}}}]},
        {"method": "DELETE", "path": ".*", "answers": [{"status": 500, "json": {"message": "sesame, no"}}]}
        """

    /// Returns the error of a start, with its warnings.
    private func start(_ rules: String, within limit: Duration) async throws -> (error: String, warnings: [String]) {
        let server = try await ScriptedServer("[\(Self.access), \(rules)]")
        let warnings = Sentences()
        var request = KernelRequest("p")
        (request.startTimeout, request.warn) = (limit, { warnings.add($0) })
        let provider = JupyterServer(server.url, credentials: .token("sesame"))
        let error = try await #require(throws: (any Error).self) {
            try await provider.withKernel(request) { _ in }
        }
        return ("\(error)", warnings.all)
    }

    @Test(arguments: [500, 403, 400])
    func `The refusal of a kernel contains no token`(status: Int) async throws {
        let long = String(repeating: "x", count: 296)
        for (message, part) in [("no kernel for sesame", "no kernel for …"), (long + "sesame", long + "…")] {
            let (error, warnings) = try await start(
                """
                {"method": "POST", "path": "/api/kernels", "answers": [
                  {"status": \(status), "json": {"message": "\(message)"}}]}
                """, within: .seconds(60))
            #expect(error.contains(part) && !"\(error)\(warnings)".contains("ses"), "\(error)")
        }
    }

    @Test func `The warning of a full server, and the last refusal, contain no token`() async throws {
        let (error, warnings) = try await start(
            """
            {"method": "POST", "path": "/api/kernels", "answers": [
              {"status": 400, "json": {"message": "too many kernels of sesame"}}]}
            """, within: .seconds(15))
        #expect(error.contains("too many kernels of …") && !error.contains("sesame"), "\(error)")
        #expect(warnings.contains { $0.contains("kernels of …") } && !"\(warnings)".contains("sesame"), "\(warnings)")
    }

    @Test func `The refusal of a kernel's WebSocket contains no token`() async throws {
        let (error, warnings) = try await start(
            """
            {"method": "POST", "path": "/api/kernels", "answers": [{"json": {"id": "k1", "name": "p"}}]},
            {"path": "/api/kernels/k1/channels.*", "answers": [{"status": 503, "json": {"message": "sesame is busy"}}]},
            {"path": "/api/kernels/k1", "answers": [{"json": {"id": "k1", "execution_state": "idle"}}]}
            """, within: .seconds(15))
        #expect(error.contains("… is busy") && !"\(error)\(warnings)".contains("sesame"), "\(error), \(warnings)")
    }

    @Test func `The error of an access contains no token`() async throws {
        for rules in [
            #"[{"path": ".*", "answers": [{"status": 500, "json": {"message": "no sesame"}}]}]"#,
            #"[{"path": "/api", "answers": [{"json": {"version": "2"}}]}, "#
                + #"{"path": ".*", "answers": [{"status": 500, "json": {"message": "no sesame"}}]}]"#,
        ] {
            let server = try await ScriptedServer(rules)
            let error = try await #require(throws: ServerError.self) {
                _ = try await ServerAccess(server.url, .token("sesame"), environment: [:]).connect()
            }
            #expect("\(error)".hasSuffix(": no …"), "\(error)")
        }
    }
}
