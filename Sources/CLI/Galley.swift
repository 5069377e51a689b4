import Glibc

/// The program.
@main struct Galley {
    /// The version of the program and of the library.
    static let version = "0.1.0"

    static func main() {
        switch CommandLine.arguments.dropFirst().first {
        case "--version": print("galley \(version)")
        case nil, "--help", "-h": print(help)
        case let argument?:
            complain("galley: '\(argument)' is not a command. See 'galley --help'")
            exit(2)
        }
    }

    private static let help = """
        Usage: galley --version | --help

        Galley runs Jupyter notebooks without a browser.
        """

    /// Writes a line to standard error.
    private static func complain(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Safe because the array is passed with its own length.
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }
}
