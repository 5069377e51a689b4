import Galley
import GalleyExecution
import GalleyFlags
import Testing

@testable import GalleyCLI

@Suite struct `A wrong command line` {
    /// Command lines that are refused, without the program.
    private static let lines: [String] = [
        // Words that are no commands
        "exceute a.ipynb", "xyzzy", "exe", "ru", "report.ipynb", "report.ipynb --inplace", "./my\u{A0}report.ipynb",
        "exec a.ipynb", "run a.ipynb", "convert a.ipynb", "jupyter execute a.ipynb",
        "list", "ps", "kill report-k3fu", "kernelspec list", "nbstripout a.ipynb", "pytest --nbval a.ipynb", "lab",
        "man execute", "completion bash",
        // Options before the command
        "-i a.ipynb", "-p", "-z", "--inplace a.ipynb", "--timeout=5 a.ipynb", "--verison", "--v", "-Vx", "--template",
        // Help
        "help kern", "help git limits", "help --man batch", "help scrapbook", "help --amn", "version now",
        "completions", "completions tcsh", "completions bash zsh", "completions --list users",
        // Shortened and misspelled options
        "execute --time 5 a.ipynb", "execute --keep a.ipynb", "execute --out a.ipynb", "execute --tiemout 5 a.ipynb",
        "execute --s a.ipynb", "execute -Z a.ipynb", "execute -jx a.ipynb", "execute -qj4x a.ipynb",
        "execute -inplace a.ipynb", "execute -output b.ipynb a.ipynb", "execute -qh4 a.ipynb", "runs --runing",
        "clean --al a.ipynb", "stop --force report-k3fu", "wait --json report-k3fu",
        // Operands
        "execute", "check", "nbconvert --to notebook --execute", "clean", "inspect", "stop", "wait", "runs a.ipynb",
        "kernels python3",
        // Values
        "execute --answer --stdout a.ipynb", "execute --timeout --inplace a.ipynb", "execute --output -o a.ipynb",
        "execute a.ipynb --timeout", "execute --inplace=yes a.ipynb", "execute --timeout -5 a.ipynb",
        "execute --timeout=-5m a.ipynb", "execute --total-timeout -0.5 a.ipynb", "execute --grace -1 a.ipynb",
        "execute -j -4 a.ipynb", "execute --timeout soon a.ipynb", "execute --log-format xml a.ipynb",
        "execute --shard 3/2 a.ipynb", "execute --env A a.ipynb", "execute --max-output lots a.ipynb",
        "execute --cells 0 a.ipynb", "execute --cells 5-3 a.ipynb",
        // Papermill
        "execute a.ipynb -p alpha", "execute -p =1 a.ipynb", "execute --param-env x a.ipynb",
        "check --update -p a 1 a.ipynb",
        "nbconvert --to html -p a 1 a.ipynb", "execute --inject-paths a.ipynb", "execute --log-output a.ipynb",
        "execute --report-mode a.ipynb",
        "execute --no-progress-bar a.ipynb", "execute --engine x a.ipynb", "execute -l python a.ipynb",
        "execute --stdout-file x a.ipynb", "execute --autosave-cell-every 5 a.ipynb", "papermill --engine x a.ipynb",
        "check --prepare-only a.ipynb",
        "papermill --output b.ipynb a.ipynb", "papermill --autosave-cell-every x a.ipynb",
        // nbconvert, jupyter execute, pytest, sed, docker
        "nbconvert --to pdf --execute a.ipynb", "nbconvert a.ipynb", "nbconvert --execute a.ipynb",
        "nbconvert --to html --inplace a.ipynb", "nbconvert --template lab a.ipynb", "execute --clear-output a.ipynb",
        "nbconvert --coalesce-streams a.ipynb", "nbconvert --to html --RegexRemovePreprocessor.patterns=( a.ipynb",
        "execute --config c.py a.ipynb", "nbconvert --post serve a.ipynb", "execute --help-all a.ipynb",
        "execute --to html a.ipynb", "execute --no-input a.ipynb", "nbconvert --to html --writer x a.ipynb",
        "execute --ExecutePreprocessor.timeuot=60 a.ipynb", "execute --TagRemovePreprocessor.enabled=True a.ipynb",
        "execute -i a.ipynb", "execute -n 4 a.ipynb", "check -x a.ipynb", "check --maxfail 2 a.ipynb",
        "check --junitxml x.xml a.ipynb", "check -v a.ipynb", "execute -d a.ipynb", "check --inplace a.ipynb",
        "execute --inplace --stdout a.ipynb", "execute --inplace --output-dir x a.ipynb",
        "check --output-dir x a.ipynb",
    ]

    @Test func `A wrong command line is refused with a correction`() throws {
        var text = ""
        for line in Self.lines {
            let words = line.split(separator: " ").map(String.init)
            let error = #expect(throws: UsageError.self, "\(line)") { try Invocation(words) }
            text += "$ galley \(line)\n\(error?.problem ?? "")\n\n"
        }
        try Snapshot.help("refusals.txt").expect(text)
    }

    @Test func `A refusal suggests only existing commands and flags, and only similar ones`() throws {
        let names = Set(CommandList.all.flatMap { $0.flags.flatMap(\.names) } + ["--version", "-V"])
        var commands = 0
        for line in Self.lines {
            let words = line.split(separator: " ").map(String.init)
            let error = try #require(throws: UsageError.self) { try Invocation(words) }
            for match in error.problem.matches(of: /'galley ([a-z-]+)/) where match.1 != "--help" {
                commands += 1
                #expect(CommandList.named(String(match.1)) != nil, "\(error.problem)")
            }
            for match in error.problem.matches(of: /(?:use|mean) '?(-[-a-zA-Z.]+)/) {
                #expect(names.contains(String(match.1)), "\(error.problem)")
            }
        }
        #expect(commands > 20)
        let error = #expect(throws: UsageError.self) { try Invocation(["execute", "-p", "a"]) }
        #expect(error?.problem.contains("-h") == false)
    }

    @Test func `Joined letters and nbconvert's numbers for no limit are accepted`() throws {
        for value in ["-1", "0", "none"] {
            guard case .execute(let arguments) = try Invocation(["execute", "--timeout", value, "-qj4", "a.ipynb"])
            else { Issue.record("not a run"); return }
            #expect(arguments.options.timeout == nil && arguments.isQuiet && arguments.batch.concurrency == 4)
        }
        guard
            case .execute(let arguments) = try Invocation(["execute", "--answer=--stdout", "-q", "-j", "4", "a.ipynb"])
        else { Issue.record("not a run"); return }
        #expect(arguments.answers == ["--stdout"] && arguments.isQuiet && arguments.batch.concurrency == 4)
    }
}
