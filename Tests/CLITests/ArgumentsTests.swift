import Foundation
import Galley
import GalleyExecution
import GalleyFlags
import GalleyJSON
import GalleyJupyterProtocol
import Testing

@testable import GalleyCLI

/// The whole command line in values: nothing here looks at a disk.
@Suite struct `The command line of execute` {
    private func settings(_ line: String, _ dialect: ExecuteArguments.Dialect = .execute) throws -> RunSettings {
        try ExecuteArguments(line.split(separator: " ").map(String.init), dialect).options.settings
    }

    @Test func `A command line becomes settings`() throws {
        var wanted = RunSettings()
        (wanted.kernel, wanted.timeout, wanted.totalTimeout) = ("ir", .seconds(90), .seconds(5400))
        (wanted.environment, wanted.workingDirectory) = (["A": "b=c"], "/nowhere/at/all")
        (wanted.onTimeout, wanted.grace, wanted.startTimeout) = (.continue, .zero, .seconds(365 * 86400))
        wanted.allowedErrors.names = ["KeyError", "ValueError"]
        (wanted.startAt, wanted.stopAfter, wanted.outputLimit) = ("2", "end", 500_000)
        (wanted.only.tags, wanted.only.numbers) = (["smoke", "fast"], [3...3, 5...7, 9...9])
        wanted.allowsLostOutput = true
        (wanted.keepsTiming, wanted.keepsRecord, wanted.collapsesProgress) = (false, true, true)
        (wanted.allowsKernelFallback, wanted.leavesChildren, wanted.result) = (true, true, .inPlace)
        let line = """
            --inplace -k ir --timeout 90s --total-timeout=1h30m --env A=b=c --cwd /nowhere/at/all --on-timeout interrupt \
            --grace 0 --startup-timeout none --allow-error KeyError --allow-error ValueError --start-at 2 --stop-after end \
            --only smoke --cells 3,5-7 --only=fast --cells 9 \
            --allow-lost-output --max-output 500kB --no-timing --record --collapse-progress --kernel-fallback \
            --leave-children none.ipynb
            """
        #expect(try settings(line) == wanted)
    }

    @Test func `The names of nbconvert give the same settings`() throws {
        let own = try settings("--inplace --kernel ir --timeout 60 --allow-errors a.ipynb")
        let theirs = """
            --to notebook --execute --inplace --ExecutePreprocessor.kernel_name=ir --ExecutePreprocessor.timeout=60 \
            --NotebookClient.allow_errors=True a.ipynb
            """
        #expect(try settings(theirs, .nbconvert) == own)
    }

    @Test func `The place of the result can be given once`() throws {
        #expect(try settings("a.ipynb").result == .beside)
        #expect(try settings("a.ipynb --output b --output b").result == .file("b"))
        #expect(try settings("a.ipynb --output-dir out").result == .folder("out"))
        #expect(try settings("a.ipynb --stdout").result == .standardOutput)
        #expect(try settings("a.ipynb", .check).result == .nowhere)
        #expect(throws: UsageError.self) { try settings("a.ipynb --output b --inplace") }
        #expect(throws: UsageError.self) { try settings("a.ipynb --output-dir out --inplace") }
        #expect(throws: UsageError.self) { try settings("a.ipynb --inplace", .check) }
    }

    @Test func `Options of the program alone are not settings`() throws {
        let arguments = try ExecuteArguments(
            ["a.ipynb", "-j4", "--retries=2", "--shard", "2/5", "--events", "e", "--detach", "--then", "x", "b"],
            .execute)
        #expect(arguments.options.settings == RunSettings() && arguments.paths == ["a.ipynb", "b"])
        #expect(arguments.batch.concurrency == 4 && arguments.batch.retries == 2 && arguments.batch.shard?.count == 5)
        #expect(arguments.events == "e" && arguments.background.isDetached && arguments.tasks.isEmpty)
    }

    static let flags = ExecuteFlags.all + CheckSettings.flags

    @Test(arguments: Options.flags.map(\.names))
    func `The settings of every flag survive JSON`(names: [String]) throws {
        let flag = try #require(Options.flags.first { $0.names == names })
        for name in names {
            var options = Options()
            let line = [name] + (flag.value.map { [$0.example] } ?? [])
            #expect(try FlagParser(Options.flags, help: "").parse(line, into: &options).isEmpty)
            let copy = try JSONDecoder().decode(RunSettings.self, from: JSONEncoder().encode(options.settings))
            #expect(copy == options.settings, "\(name)")
            #expect(
                options.settings != RunSettings() || options.kernels.name != Options().kernels.name
                    || [
                        "10s", "60",
                    ].contains(flag.value?.example), "\(name) changes nothing")
        }
    }

    @Test func `Every flag accepts its example under each of its names`() throws {
        var names: Set<String> = []
        for flag in Self.flags {
            for name in flag.names {
                #expect(names.insert(name).inserted, "\(name) is two flags")
                var arguments = try ExecuteArguments(["a.ipynb"], .execute)
                let line = flag.value.map { $0.isOptional ? ["\(name)=\($0.example)"] : [name, $0.example] } ?? [name]
                #expect(try FlagParser(Self.flags, help: "").parse(line, into: &arguments).isEmpty)
            }
            #expect(!flag.summary.isEmpty && !flag.summary.hasSuffix("."))
        }
        let text = HelpTopic.options.text(TextLayout(columns: 80))
        for name in names { #expect(text.contains(name)) }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
}
