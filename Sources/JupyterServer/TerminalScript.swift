/// The text to type into a terminal so that it runs a command.
///
/// A login shell of any kind gets one line, which replaces it with `/bin/sh`. That shell turns off the echo, reads the
/// command line by line, runs it and prints a mark with the exit status. The mark is read with the echo turned off, so
/// that it is neither in the history nor in the arguments or the environment of a process: the command cannot print it.
struct TerminalScript: Sendable {
    /// The text by which the shell says that it is ready for the next line. Only its halves are typed.
    let token: String
    /// The text before the exit status.
    let mark: String
    /// The lines to send, one for each token that arrives.
    let lines: [String]

    /// The maximum length of a line: a terminal takes 4095 bytes.
    private static let lineLimit = 1500
    /// The maximum length of a command: an argument of a process may have 128 KiB.
    private static let commandLimit = 100_000

    /// Creates the script for a command.
    ///
    /// - Throws: ``ServerError/invalidCommand(reason:)`` if no process can have the command as an argument.
    init(_ command: String, token: String, mark: String) throws(ServerError) {
        guard !command.utf8.contains(0) else { throw .invalidCommand(reason: "it contains a NUL") }
        guard command.utf8.count <= Self.commandLimit else {
            throw .invalidCommand(
                reason: "it has more than \(Self.commandLimit) bytes. Put it into a file on the server, and run that")
        }
        (self.token, self.mark) = (token, mark)
        lines =
            ["\(token):M:\(mark)"] + Self.encodedLines(of: command).map { "\(token):D:\($0)" } + ["\(token):G:"]
    }

    /// Creates a script with random texts.
    init(_ command: String) throws(ServerError) {
        try self.init(command, token: Self.randomText(), mark: Self.randomText())
    }

    /// The line for the login shell, which reads it in the same way as every common shell.
    var start: String {
        let middle = token.utf8.index(token.startIndex, offsetBy: token.utf8.count / 2)
        // The first character deletes what a start-up file may have left in the line; the space keeps the line out of
        // the histories of shells that are set so.
        return "\u{15} exec /bin/sh -c '\(Self.shell)' sh \(token[..<middle]) \(token[middle...])\r"
    }

    /// The program of the shell that reads the command. It contains no single quote and no exclamation mark.
    private static let shell = [
        "set +ax", "unset galley_m galley_s", "stty sane -echo -opost", "trap : INT QUIT", "galley_t=$1$2",
        "galley_s=", #"printf %s "$galley_t""#,
        #"while IFS= read -r galley_l; do case $galley_l in"#
            + #" "$galley_t:D:"*) galley_s=$galley_s${galley_l#*:D:} ;;"#
            + #" "$galley_t:M:"*) galley_m=${galley_l#*:M:} ;;"#
            + #" "$galley_t:G:") break ;;"#
            + #" *) continue ;; esac"#,
        #"printf %s "$galley_t""#, "done", "galley_b=sh", "command -v bash >/dev/null 2>&1 && galley_b=bash",
        #""$galley_b" -c "$(printf "$galley_s")" </dev/null"#, #"printf "%s:%s;" "$galley_m" "$?""#,
    ].joined(separator: "; ")

    /// Returns a command as lines for `printf`, whose bytes no terminal and no shell changes.
    static func encodedLines(of command: String) -> [String] {
        var lines: [String] = []
        var line: [UInt8] = []
        for byte in command.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: ","), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "="):
                line.append(byte)
            default:
                let digits = [byte >> 6, byte >> 3 & 7, byte & 7].map { UInt8(ascii: "0") + $0 }
                line += [UInt8(ascii: "\\")] + digits
            }
            if line.count >= lineLimit {
                lines.append(String(decoding: line, as: UTF8.self))
                line = []
            }
        }
        return line.isEmpty ? lines : lines + [String(decoding: line, as: UTF8.self)]
    }

    private static func randomText() -> String {
        (0..<2).map { _ in
            let text = String(UInt64.random(in: 0...UInt64.max), radix: 36)
            return String(repeating: "0", count: 13 - text.count) + text
        }.joined()
    }
}
