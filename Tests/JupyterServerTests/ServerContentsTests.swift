import Foundation
import GalleyJSON
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyHTTP
@testable import GalleyJupyterServer

@Suite struct `Locations on a Jupyter server` {
    private let contents = ServerContents { () throws(ServerError) in throw .shellEnded }

    @Test(
        arguments: [
            ("jupyter:a.ipynb", "jupyter:a.ipynb"), ("jupyter:/a//b/./c.ipynb", "jupyter:a/b/c.ipynb"),
            ("jupyter:b c/é.ipynb", "jupyter:b c/é.ipynb"),
        ])
    func `Spellings of one place have one identity`(text: String, identity: String) throws {
        let location = NotebookLocation(text)
        #expect(contents.opens(location) && contents.identity(of: location) == identity)
        #expect(contents.isSame(location, NotebookLocation(identity)))
        #expect(try contents.store(at: location).name == text)
    }

    @Test(arguments: ["jupyter:", "jupyter:/", "jupyter:a/", "jupyter:../a.ipynb", "jupyter:a/../b", "jupyter:a\0b"])
    func `A location that cannot be a notebook is an error`(text: String) {
        #expect(throws: ServerContentsError.invalidLocation(text)) { try contents.store(at: NotebookLocation(text)) }
    }

    @Test(arguments: ["a.ipynb", "./jupyter:a", "s3://a/b", "-", "Jupyter:a", "jupyter"])
    func `Other locations are not opened`(text: String) {
        #expect(!contents.opens(NotebookLocation(text)))
    }

    @Test func `A notebook's folder on the server is the working directory of its kernel`() throws {
        for (text, folder) in [("jupyter:a/b/c.ipynb", "a/b"), ("jupyter:c.ipynb", "")] {
            let place = try #require(try contents.store(at: NotebookLocation(text)).workingDirectory)
            #expect(ServerContents.folder(of: place) == folder)
        }
        #expect(ServerContents.folder(of: "/home/ann") == nil)
    }
}

@Suite(.realKernel) struct `Notebooks on a Jupyter server` {
    private static func storage(_ connection: ServerConnection) -> ServerContents {
        ServerContents { () throws(ServerError) in connection }
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static let samples: [[UInt8]] = [
        Array("{}".utf8), Array("\u{FEFF}{\r\n   \"cells\":[]\t}\r\n\r\n".utf8), [],
        Array("not JSON\n\u{1}\u{7F}é漢😀".utf8),
        Array(#"{"a": "\ud800", "b": "\\n\"", "a": 1e400}"#.utf8),
    ]

    @Test func `Bytes are read and written as they are`() async throws {
        let server = try await JupyterServerProcess()
        let storage = Self.storage(try await server.connect())
        for (number, sample) in Self.samples.enumerated() {
            let file = server.folder("\(number) é%#?.ipynb")
            try Data(sample).write(to: URL(fileURLWithPath: file))
            let store = try storage.store(at: NotebookLocation("jupyter:\(number) é%#?.ipynb"))
            try await store.lock()
            #expect(try await store.read() == sample)
            try await store.checkWritable()
            let other = Self.samples[(number + 1) % Self.samples.count]
            #expect(try await store.write(other) == .original)
            #expect(try bytes(file) == other)
            #expect(try await store.write(sample) == .original)
            #expect(try bytes(file) == sample)
        }
        let large = Array(String(repeating: "é\"\\\n", count: 4_000_000).utf8)
        let store = try storage.store(at: "jupyter:large.ipynb")
        #expect(try await store.write(large) == .original)
        #expect(try await store.read() == large)
    }

    @Test func `A change by another client is kept, and the result goes beside it`() async throws {
        let server = try await JupyterServerProcess()
        let storage = Self.storage(try await server.connect())
        try FileManager.default.createDirectory(atPath: server.folder("a"), withIntermediateDirectories: false)
        try server.folder.file("a/n.ipynb", "old")
        let store = try storage.store(at: "jupyter:a/n.ipynb")
        try await store.lock()
        _ = try await store.read()
        #expect(try await store.write(Array("mine 1".utf8)) == .original)
        try server.folder.file("a/n.ipynb", "theirs")
        try server.folder.file("a/n.galley-conflict.ipynb", "earlier")
        let beside = WriteOutcome.conflict("jupyter:a/n.galley-conflict-2.ipynb")
        #expect(try await store.write(Array("mine 2".utf8)) == beside)
        #expect(try await store.write(Array("mine 3".utf8)) == beside)
        #expect(try server.folder.text("a/n.ipynb") == "theirs")
        #expect(try server.folder.text("a/n.galley-conflict.ipynb") == "earlier")
        #expect(try server.folder.text("a/n.galley-conflict-2.ipynb") == "mine 3")
        // The result of another notebook, at a place where a file appears after the lock.
        let result = try storage.store(at: "jupyter:result.ipynb")
        try await result.lock()
        try server.folder.file("result.ipynb", "theirs")
        #expect(try await result.write([65]) == .conflict("jupyter:result.galley-conflict.ipynb"))
    }

    @Test func `A missing file or folder, a folder and other bytes are errors that say so`() async throws {
        let server = try await JupyterServerProcess()
        let storage = Self.storage(try await server.connect())
        try FileManager.default.createDirectory(
            atPath: server.folder("folder.ipynb"), withIntermediateDirectories: false)
        try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: server.folder("bytes.ipynb")))
        func store(_ path: String) throws -> any NotebookStore { try storage.store(at: NotebookLocation(path)) }
        await #expect(throws: ServerContentsError.notFound("jupyter:none.ipynb")) {
            _ = try await store("jupyter:none.ipynb").read()
        }
        await #expect(throws: ServerContentsError.notFound("jupyter:a/b.ipynb")) {
            _ = try await store("jupyter:a/b.ipynb").read()
        }
        await #expect(throws: ServerContentsError.folderNotFound("jupyter:a/b.ipynb")) {
            try await store("jupyter:a/b.ipynb").checkWritable()
        }
        await #expect(throws: ServerContentsError.folderNotFound("jupyter:a/b.ipynb")) {
            _ = try await store("jupyter:a/b.ipynb").write([65])
        }
        await #expect(throws: ServerContentsError.notAFile("jupyter:folder.ipynb")) {
            _ = try await store("jupyter:folder.ipynb").read()
        }
        await #expect(throws: ServerContentsError.notUTF8("jupyter:bytes.ipynb")) {
            _ = try await store("jupyter:bytes.ipynb").read()
        }
        await #expect(throws: ServerContentsError.notUTF8("jupyter:x.ipynb")) {
            _ = try await store("jupyter:x.ipynb").write([0xFF])
        }
        try await store("jupyter:new.ipynb").checkWritable()
        #expect(!server.folder.exists("new.ipynb"))
    }

    @Test func `A folder is listed without hidden files and results`() async throws {
        let server = try await JupyterServerProcess()
        let storage = Self.storage(try await server.connect())
        for folder in ["a/b c", "a/.ipynb_checkpoints", ".hidden", "empty"] {
            try FileManager.default.createDirectory(atPath: server.folder(folder), withIntermediateDirectories: true)
        }
        for file in [
            "z.ipynb", "a/b c/n.ipynb", "a/b c/n.executed.ipynb", "a/b c/n.galley-conflict-2.ipynb",
            "a/m.executed.ipynb",
            "a/.ipynb_checkpoints/n-checkpoint.ipynb", ".hidden/n.ipynb", "a/text.txt", "z.executed-a=1.ipynb",
            "B.ipynb",
        ] { try server.folder.file(file, "{}") }
        #expect(runCommand("ln", "-s", ".", server.folder("a/loop")))
        let all = ["jupyter:B.ipynb", "jupyter:a/b c/n.ipynb", "jupyter:a/m.executed.ipynb", "jupyter:z.ipynb"]
        #expect(try await storage.notebooks(in: "jupyter:a/b c").map(\.text) == ["jupyter:a/b c/n.ipynb"])
        #expect(try await storage.notebooks(in: "jupyter:empty").isEmpty)
        // A link to its own folder has no end.
        await #expect(throws: ServerContentsError.tooManyEntries("jupyter:")) {
            _ = try await storage.notebooks(in: "jupyter:")
        }
        try FileManager.default.removeItem(atPath: server.folder("a/loop"))
        #expect(try await storage.notebooks(in: "jupyter:").map(\.text) == all)
        #expect(try await storage.notebooks(in: "jupyter:/").map(\.text) == all)
        await #expect(throws: ServerContentsError.folderNotFound("jupyter:none")) {
            _ = try await storage.notebooks(in: "jupyter:none")
        }
        await #expect(throws: ServerContentsError.notAFolder("jupyter:z.ipynb")) {
            _ = try await storage.notebooks(in: "jupyter:z.ipynb")
        }
    }

    @Test func `The folder of a result is created with its parents`() async throws {
        let server = try await JupyterServerProcess()
        let storage = Self.storage(try await server.connect())
        for _ in 0..<2 { try await storage.makeFolder(of: "jupyter:x/y z/w/n.ipynb") }
        #expect(server.folder.exists("x/y z/w"))
        try await storage.makeFolder(of: "jupyter:n.ipynb")
        try server.folder.file("file", "")
        await #expect(throws: (any Error).self) { try await storage.makeFolder(of: "jupyter:file/n.ipynb") }
    }

    @Test func `A file that the server does not take is an error with the size`() async throws {
        let server = try await JupyterServerProcess(.server, "--ServerApp.max_body_size=1100000")
        let storage = Self.storage(try await server.connect())
        let store = try storage.store(at: "jupyter:n.ipynb")
        let bytes = [UInt8](repeating: 65, count: 1_200_000)
        await #expect(throws: ServerContentsError.tooLarge("jupyter:n.ipynb", bytes: 1_200_000)) {
            _ = try await store.write(bytes)
        }
        #expect(try await store.write([65]) == .original)
    }

    @Test(.enabled(if: !isRoot, "root may write everywhere"))
    func `A file that the server may not write is an error`() async throws {
        let server = try await JupyterServerProcess()
        let storage = Self.storage(try await server.connect())
        try server.folder.file("n.ipynb", "{}", mode: 0o444)
        let store = try storage.store(at: "jupyter:n.ipynb")
        await #expect(throws: ServerContentsError.notWritable("jupyter:n.ipynb")) { try await store.checkWritable() }
    }
}

@Suite struct `Contents of scripted servers` {
    private static let access = """
        {"path": "/api", "answers": [{"json": {"version": "2"}}]},
        {"path": "/api/kernelspecs", "answers": [{"json": {"kernelspecs": {}}}]}
        """

    private func store(_ rules: String) async throws -> (any NotebookStore, ScriptedServer) {
        let server = try await ScriptedServer("[\(Self.access), \(rules)]")
        let connection = try await ServerAccess(server.url, .none, environment: [:]).connect()
        return (try ServerContents { () throws(ServerError) in connection }.store(at: "jupyter:n.ipynb"), server)
    }

    @Test func `Without hashes, the time and the size tell a change`() async throws {
        func status(_ time: Int) -> String {
            #"{"json": {"type": "notebook", "last_modified": "t\#(time)", "size": 2}}"#
        }
        let (store, server) = try await store(
            """
            {"path": "/api/contents/n.ipynb.type=file.*", "answers": [{"json": {"content": "{}", "format": "text",
              "last_modified": "t1", "size": 2}}]},
            {"path": "/api/contents/n.ipynb.content=0.*", "answers": [\(status(1)), \(status(2)), \(status(2)),
              \(status(3))]},
            {"method": "PUT", "path": "/api/contents/.*", "answers": [{"json": {"last_modified": "t2", "size": 2}}]}
            """)
        #expect(try await store.read() == Array("{}".utf8))
        #expect(try await store.write([65, 66]) == .original)
        #expect(try await store.write([65, 67]) == .original)
        #expect(try await store.write([65, 68]) == .conflict("jupyter:n.galley-conflict.ipynb"))
        let writes = try server.requests.filter { $0.method == "PUT" }
        #expect(writes.map(\.path).map { $0.contains("conflict") } == [false, false, true])
        let body = try Document(parsing: Array(writes[0].body.utf8)).root
        #expect(body["type"]?.string == "file" && body["format"]?.string == "text" && body["content"]?.string == "AB")
    }

    @Test(
        arguments: [
            (413, "{}", "takes no file of 2 bytes"), (403, #"{"message": "read-only"}"#, "forbids"),
            (500, #"{"message": "[Errno 13] Permission denied: 'x'"}"#, "read-only"),
            (507, #"{"message": "no space"}"#, "status 507: no space"),
            (507, #"{"message": "no <b>space"}"#, "HTTP status 507"),
            (500, #"{"message": "<html><body>"}"#, "HTTP status 500"),
        ])
    func `The error of a refused write contains its reason`(status: Int, json: String, part: String) async throws {
        let (store, server) = try await store(
            #"{"method": "PUT", "path": ".*", "answers": [{"status": \#(status), "json": \#(json)}]}"#)
        defer { withExtendedLifetime(server) {} }
        let error = try await #require(throws: ServerContentsError.self) { _ = try await store.write([65, 66]) }
        #expect("\(error)".contains(part) && !"\(error)".contains("<html"), "\(error)")
    }

    @Test(arguments: ["AB", "CD"])
    func `A write whose answer is lost is no change by another client, unless the contents differ`(
        now: String
    ) async throws {
        func status(_ hash: String) -> String { #"{"json": {"type": "notebook", "hash": "\#(hash)"}}"# }
        let (store, server) = try await store(
            """
            {"path": "/api/contents/n.ipynb.type=file.*", "answers": [
              {"json": {"content": "{}", "format": "text", "hash": "h1"}},
              {"json": {"content": "\(now)", "format": "text", "hash": "h2"}}]},
            {"path": "/api/contents/n.ipynb.content=0.*", "answers": [\(status("h1")), \(status("h2"))]},
            {"method": "PUT", "path": "/api/contents/.*", "answers": [{"status": 500, "json": {}},
              {"json": {"hash": "h3"}}]}
            """)
        _ = try await store.read()
        await #expect(throws: ServerContentsError.self) { _ = try await store.write(Array("AB".utf8)) }
        let outcome = try await store.write(Array("EF".utf8))
        #expect(outcome == (now == "AB" ? .original : .conflict("jupyter:n.galley-conflict.ipynb")))
        let places = try server.requests.filter { $0.method == "PUT" }.map(\.path)
        #expect(places.count == 2 && places[1].contains("conflict") == (now != "AB"))
    }

    @Test func `A new file whose answer is lost is no file of another client`() async throws {
        let (store, server) = try await store(
            """
            {"path": "/api/contents/n.ipynb.type=file.*", "answers": [
              {"json": {"content": "AB", "format": "text", "hash": "h2"}}]},
            {"path": "/api/contents/n.ipynb.content=0.*", "answers": [{"status": 404, "json": {}},
              {"status": 404, "json": {}}, {"json": {"type": "notebook", "hash": "h2"}}]},
            {"method": "PUT", "path": "/api/contents/.*", "answers": [{"status": 500, "json": {}},
              {"json": {"hash": "h3"}}]}
            """)
        defer { withExtendedLifetime(server) {} }
        try await store.lock()
        await #expect(throws: ServerContentsError.self) { _ = try await store.write(Array("AB".utf8)) }
        #expect(try await store.write(Array("EF".utf8)) == .original)
    }

    @Test func `The error of a refused request contains no token that the server repeats`() async throws {
        let server = try await ScriptedServer(
            """
            [\(Self.access), {"path": ".*", "answers": [{"status": 500, "json": {"message": "no sesame"}}]},
             {"method": "PUT", "path": ".*", "answers": [{"status": 507, "json": {"message": "no sesame"}}]}]
            """)
        let connection = try await ServerAccess(server.url, .token("sesame"), environment: [:]).connect()
        let store = try ServerContents { () throws(ServerError) in connection }.store(at: "jupyter:n.ipynb")
        for action in [{ _ = try await store.read() }, { _ = try await store.write([65]) }] as [() async throws -> Void]
        {
            let error = try await #require(throws: ServerContentsError.self) { try await action() }
            #expect("\(error)".hasSuffix(": no …"), "\(error)")
        }
    }

    @Test func `A gateway has no notebooks`() async throws {
        let server = try await ScriptedServer(
            """
            [{"path": "/api", "answers": [{"json": {"version": "2", "gateway_version": "3"}}]},
             {"path": "/api/kernelspecs", "answers": [{"json": {"kernelspecs": {}}}]}]
            """)
        let connection = try await ServerAccess(server.url, .none, environment: [:]).connect()
        let store = try ServerContents { () throws(ServerError) in connection }.store(at: "jupyter:n.ipynb")
        let error = try await #require(throws: ServerContentsError.self) { _ = try await store.read() }
        guard case .noContents = error else { Issue.record("\(error)"); return }
        await #expect(throws: ServerError.noTerminals(connection.base.origin)) {
            _ = try await ServerTerminal(connection).run("echo") { _ in }
        }
    }
}
