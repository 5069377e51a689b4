import GalleyJSON

/// The state of a command in a terminal. It takes in what the terminal sends, and returns what to do.
struct TerminalDialog: Sendable {
    /// Something to do.
    enum Action: Hashable, Sendable {
        /// Send a WebSocket message.
        case send([UInt8])
        /// Pass on output of the command.
        case output([UInt8])
        /// The command has ended with this status.
        case finished(Int)
        /// The shell has ended before the command did.
        case shellEnded
    }

    private enum Phase {
        /// The login shell has not been replaced yet.
        case starting
        /// The shell reads the command; so many lines have been sent.
        case sending(Int)
        case running
        case ended
    }

    private let script: TerminalScript
    private var phase = Phase.starting
    /// The bytes that may be the beginning of a text that is searched for.
    private var rest: [UInt8] = []

    init(_ script: TerminalScript) { self.script = script }

    /// Whether the shell reads or runs the command.
    var hasStarted: Bool { if case .starting = phase { false } else { true } }

    /// Returns the messages that start the command. They may be sent again if the shell does not respond.
    func start() -> [Action] {
        guard case .starting = phase else { return [] }
        // A wide window keeps the shell from breaking its line.
        return [.send(Self.message(["set_size", 50, 200])), .send(Self.input(script.start))]
    }

    /// Returns the message that interrupts the command, as Ctrl-C does.
    func interrupt() -> [Action] { [.send(Self.input("\u{3}"))] }

    /// Takes in a message. One that is not a terminal's is ignored.
    mutating func receive(_ message: [UInt8]) -> [Action] {
        guard let json = (try? Document(parsing: message, depthLimit: 20))?.root else { return [] }
        let parts = json.elements
        switch parts.first?.string {
        case "stdout":
            guard parts.count > 1, let text = parts[1].string else { return [] }
            return receiveOutput(Array(text.utf8))
        case "disconnect": return end()
        default: return []
        }
    }

    /// Takes in the end of the shell.
    private mutating func end() -> [Action] {
        if case .ended = phase { return [] }
        let last: [Action] = if case .running = phase, !rest.isEmpty { [.output(rest)] } else { [] }
        phase = .ended
        return last + [.shellEnded]
    }

    private mutating func receiveOutput(_ bytes: [UInt8]) -> [Action] {
        rest += bytes
        var actions: [Action] = []
        while true {
            switch phase {
            case .starting:
                guard takeToken() else { return actions }
                phase = .sending(0)
                actions += sendLine(0)
            case .sending(let count):
                guard takeToken() else { return actions }
                actions += sendLine(count)
            case .running: return actions + takeOutput()
            case .ended:
                rest = []
                return actions
            }
        }
    }

    /// Sends a line of the command. After the last one, all output is the command's.
    private mutating func sendLine(_ number: Int) -> [Action] {
        let isLast = number == script.lines.count - 1
        phase = isLast ? .running : .sending(number + 1)
        return [.send(Self.input(script.lines[number] + "\n"))]
    }

    /// Removes everything up to the end of the next token; returns false if there is none yet.
    private mutating func takeToken() -> Bool {
        let token = Array(script.token.utf8)
        guard let range = rest.firstRange(of: token) else {
            rest.removeFirst(rest.count - Self.lengthOfBeginning(of: token, atEndOf: rest))
            return false
        }
        rest.removeSubrange(..<range.upperBound)
        return true
    }

    /// Passes on output up to the mark, or up to what may become the mark.
    private mutating func takeOutput() -> [Action] {
        let mark = Array("\(script.mark):".utf8)
        guard let range = rest.firstRange(of: mark) else {
            let count = rest.count - Self.lengthOfBeginning(of: mark, atEndOf: rest)
            defer { rest.removeFirst(count) }
            return count == 0 ? [] : [.output(Array(rest[..<count]))]
        }
        let before = Array(rest[..<range.lowerBound])
        let actions: [Action] = before.isEmpty ? [] : [.output(before)]
        rest.removeSubrange(..<range.lowerBound)
        let status = rest.dropFirst(mark.count).prefix { $0 != UInt8(ascii: ";") }
        guard status.count < rest.count - mark.count else {
            // A status has three digits at most.
            return status.count > 3 ? actions + end() : actions
        }
        guard status.count <= 3, let number = Int(String(decoding: status, as: UTF8.self)) else {
            return actions + end()
        }
        phase = .ended
        rest = []
        return actions + [.finished(number)]
    }

    /// Returns how many bytes at the end of some bytes are the beginning of a text.
    private static func lengthOfBeginning(of text: [UInt8], atEndOf bytes: [UInt8]) -> Int {
        (0...min(text.count - 1, bytes.count)).reversed().first { bytes.suffix($0).elementsEqual(text.prefix($0)) } ?? 0
    }

    private static func input(_ text: String) -> [UInt8] { message(["stdin", .string(text)]) }

    private static func message(_ value: Value) -> [UInt8] {
        var style = JSONStyle.oneLine
        style.lineEnd = ""
        return Document(value, style: style).text.bytes
    }
}
