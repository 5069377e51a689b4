import Glibc

/// The program.
@main struct Galley {
    /// The version of the program and of the library.
    static let version = "0.1.0"

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do throws(UsageError) {
            switch arguments.first {
            case "--version": Terminal.print("galley \(version)")
            case nil, "--help", "-h": Terminal.print(help)
            case "kernels": try KernelsCommand(Array(arguments.dropFirst())).run()
            case let argument?: throw UsageError("'\(argument)' is not a command")
            }
        } catch {
            Terminal.complain("galley: \(error.problem). See 'galley --help'")
            exit(2)
        }
    }

    private static let help = """
        Usage: galley kernels [--json]     list the kernels of this machine
               galley --version
               galley --help

        Galley runs Jupyter notebooks without a browser.
        """
}

/// What was typed cannot be understood.
struct UsageError: Error {
    let problem: String

    init(_ problem: String) { self.problem = problem }
}

/// Where a person, or whatever called the program, reads what it says.
enum Terminal {
    static func print(_ line: String) { write(line, to: STDOUT_FILENO) }
    static func complain(_ line: String) { write(line, to: STDERR_FILENO) }

    private static func write(_ line: String, to descriptor: Int32) {
        var rest = Array((line + "\n").utf8)[...]
        while !rest.isEmpty {
            // Safe because the buffer is passed with its own length.
            let count = unsafe rest.withUnsafeBufferPointer { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
        }
    }
}
