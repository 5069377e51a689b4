import Galley
import GalleyExecution
import GalleyFlags
import GalleySpelling

/// The flags of `galley execute`, by all the names that they have here and elsewhere.
enum ExecuteFlags {
    /// Those of every dialect.
    static let all: [Flag<ExecuteArguments>] =
        Rooms.flags.map { $0.inside(\.options) } + own + BatchSettings.flags + BackgroundOptions.flags
        + NbconvertOptions.flags

    /// Reads the line of one dialect.
    static func parser(of dialect: ExecuteArguments.Dialect) -> FlagParser<ExecuteArguments> {
        FlagParser(
            all + (dialect == .check ? CheckSettings.flags : []), help: "galley help options", refusal: refusal)
    }

    private static let own: [Flag<ExecuteArguments>] = [
        Flag("--help", "-h", in: .output, "Show what there is") { $0.wantsHelp = true },
        Flag("--inplace", in: .result, "Write the result into the notebook itself, saved along the way") {
            arguments throws(UsageError) in try arguments.setResult(.inPlace)
        },
        Flag(
            "--output", "-o", takes: "FILE", example: "result.ipynb", in: .result,
            "Write the result to this file; {notebook_name} stands for the notebook's name"
        ) { arguments, value, _ throws(UsageError) in try arguments.setResult(.file(value)) },
        Flag("--output-dir", takes: "DIR", example: "out", in: .result, "Write the results into this folder") {
            arguments, value, _ in arguments.nbconvert.folder = value
        },
        Flag("--stdout", in: .result, "Write the result to standard output") { arguments throws(UsageError) in
            try arguments.setResult(.standardOutput)
        },
        Flag(
            "--answer", takes: "TEXT", example: "yes", in: .kernel, "Answer input() with this line; may be given again"
        ) {
            arguments, value, _ in arguments.answers.append(value)
        },
        Flag("--stream", in: .output, "Show what cells print") { $0.streams = true },
        Flag("--quiet", "-q", in: .output, "Say only what is wrong") { $0.isQuiet = true },
        Flag("--events", takes: "FILE", example: "events.jsonl", in: .output, "Write what happens, as JSON lines") {
            arguments, value, _ in arguments.events = value
        },
    ]

    /// Says why a name that other programs have is no flag here; nil if there is nothing to be said.
    @Sendable private static func refusal(of name: String) -> String? {
        if let reason = NbconvertOptions.refused[name] { return "\(name): \(reason)" }
        guard name.contains("."), name.hasPrefix("--") else { return nil }
        let owner = name.prefix { $0 != "." } + "."
        let known = all.flatMap(\.names).filter { $0.hasPrefix(owner) }
        if let near = Spelling.nearest(to: name, in: known).first {
            return "'\(name)' is not an option. Did you mean '\(near)'?"
        }
        return "'\(name)' is a setting that Galley does not have; leave it out if you can do without what it does"
    }
}
