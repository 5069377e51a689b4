import Foundation
import GalleyJSON
import GalleyTestSupport
import Testing

@testable import GalleyJupyterServer

@Suite struct `A command in a terminal` {
    private static func script(_ command: String = "echo hi") throws -> TerminalScript {
        try TerminalScript(command, token: "tokentoken", mark: "markmark")
    }

    private static func stdout(_ text: String) -> [UInt8] {
        var style = JSONStyle.oneLine
        style.lineEnd = ""
        return Document(.array(["stdout", .string(text)]), style: style).text.bytes
    }

    private static func inputs(_ actions: [TerminalDialog.Action]) throws -> [String] {
        try actions.compactMap { action -> String? in
            guard case .send(let message) = action else { return nil }
            let parts = try Document(parsing: message).root.elements
            return parts[0].string == "stdin" ? parts[1].string : nil
        }
    }

    private static func output(_ actions: [TerminalDialog.Action]) -> String {
        String(
            decoding: actions.flatMap { if case .output(let bytes) = $0 { bytes } else { [UInt8]() } }, as: UTF8.self)
    }

    /// Returns a dialog whose command is running.
    private static func running() throws -> TerminalDialog {
        var dialog = TerminalDialog(try script())
        _ = dialog.start()
        for _ in 0..<3 { _ = dialog.receive(stdout("tokentoken")) }
        return dialog
    }

    @Test func `A command is sent line by line, each after the token of the one before`() throws {
        var dialog = TerminalDialog(try Self.script())
        let typed = try Self.inputs(dialog.start())
        #expect(
            typed.count == 1 && typed[0].hasPrefix("\u{15} exec /bin/sh -c '") && typed[0].hasSuffix("token token\r"))
        #expect(dialog.receive(Array(#"["setup", {}]"#.utf8)).isEmpty)
        // The shell prints its prompt and the echo of the line.
        #expect(dialog.receive(Self.stdout("$ " + typed[0])).isEmpty && !dialog.hasStarted)
        #expect(try Self.inputs(dialog.receive(Self.stdout("motd tokento"))).isEmpty)
        #expect(try Self.inputs(dialog.receive(Self.stdout("ken"))) == ["tokentoken:M:markmark\n"])
        #expect(dialog.hasStarted && dialog.start().isEmpty)
        #expect(try Self.inputs(dialog.receive(Self.stdout("tokentoken"))) == ["tokentoken:D:echo hi\n"])
        #expect(try Self.inputs(dialog.receive(Self.stdout("tokentoken"))) == ["tokentoken:G:\n"])
        #expect(dialog.receive(Self.stdout("hi\n")) == [.output(Array("hi\n".utf8))])
        #expect(dialog.receive(Self.stdout("markmark:3;")) == [.finished(3)])
        #expect(dialog.receive(Self.stdout("more")).isEmpty)
        #expect(dialog.receive(Array(#"["disconnect", 1]"#.utf8)).isEmpty)
    }

    @Test func `The mark is found wherever the output is cut, and is no part of the output`() throws {
        let text = "mark markm\nmarkmarkmarkmark:130;"
        for cut in 0...text.utf8.count {
            for other in cut...text.utf8.count {
                var dialog = try Self.running()
                let bytes = Array(text.utf8)
                let parts = [bytes[..<cut], bytes[cut..<other], bytes[other...]]
                let actions = parts.flatMap { dialog.receive(Self.stdout(String(decoding: $0, as: UTF8.self))) }
                #expect(Self.output(actions) == "mark markm\nmarkmark" && actions.last == .finished(130))
            }
        }
    }

    @Test(arguments: ["markmark:", "markmark:1", "markmark:12345", "markmark:x;", "markmark:1234;", "partial mark"])
    func `A shell that ends without a whole status is an error`(text: String) throws {
        var dialog = try Self.running()
        let actions = dialog.receive(Self.stdout(text)) + dialog.receive(Array(#"["disconnect", 1]"#.utf8))
        #expect(actions.filter { $0 == .shellEnded }.count == 1)
        #expect(!actions.contains { if case .finished = $0 { true } else { false } })
    }

    @Test func `A shell that ends before it reads the command is an error`() throws {
        var dialog = TerminalDialog(try Self.script())
        _ = dialog.start()
        #expect(dialog.receive(Array(#"["disconnect",1]"#.utf8)) == [.shellEnded])
    }

    @Test(arguments: ["", "{", "[]", "{}", "[1]", #"["stdout"]"#, #"["stdout", 5]"#, #"["other", "tokentoken"]"#])
    func `A message that is not a terminal's is ignored`(message: String) throws {
        var dialog = TerminalDialog(try Self.script())
        #expect(dialog.receive(Array(message.utf8)).isEmpty && !dialog.hasStarted)
    }

    @Test func `A login shell that prints without end takes no endless memory and no quadratic time`() throws {
        var dialog = TerminalDialog(try Self.script())
        let message = Self.stdout(String(repeating: "tokentoke ", count: 1000))
        for _ in 0..<200 { #expect(dialog.receive(message).isEmpty) }
        #expect(try Self.inputs(dialog.receive(Self.stdout("tokentoken"))).count == 1)
    }

    @Test func `Every byte of a command survives its way as lines`() throws {
        let command = (1..<0x80).map { String(UnicodeScalar(UInt8($0))) }.joined() + "é漢😀 %s %% \\n '\"$x`y` !! \n"
        let lines = TerminalScript.encodedLines(of: String(repeating: command, count: 30))
        #expect(lines.allSatisfy { $0.utf8.count < 1600 && $0.utf8.allSatisfy { (0x20..<0x7F).contains($0) } })
        let decoded = try decode(lines.joined())
        #expect(decoded == Array(String(repeating: command, count: 30).utf8))
    }

    /// Returns what `printf` of the system makes of a text.
    private func decode(_ text: String) throws -> [UInt8] {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "printf \"$1\"", "sh", text]
        process.standardOutput = pipe
        try process.run()
        return Array(try pipe.fileHandleForReading.readToEnd() ?? Data())
    }

    @Test func `A command that no process can have is refused`() throws {
        #expect(throws: ServerError.self) { try TerminalScript("echo \0") }
        #expect(throws: ServerError.self) { try TerminalScript(String(repeating: "x", count: 100_001)) }
        #expect(try TerminalScript(String(repeating: "x", count: 100_000)).lines.count > 60)
    }

    @Test func `Two commands have other tokens and marks, which the typed line does not contain`() throws {
        let scripts = try (0..<100).map { _ in try TerminalScript("x") }
        #expect(Set(scripts.flatMap { [$0.token, $0.mark] }).count == 200)
        #expect(scripts.allSatisfy { !$0.start.contains($0.token) && !$0.start.contains($0.mark) })
        #expect(scripts.allSatisfy { $0.start.utf8.count < 1000 && $0.start.filter { $0 == "'" }.count == 2 })
    }
}
