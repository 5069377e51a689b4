import Foundation
import GalleyTestSupport
import Testing

/// An example of the documentation, with the cells that it runs and its output.
struct Example: Sendable, CustomTestStringConvertible {
    let name: String
    var cells = ["6 * 7"]
    let output: String
    var testDescription: String { name }

    static let all = [
        Example(name: "README", output: "ran in ?.? seconds\n"),
        Example(name: "Run a notebook", output: "saved to out/report.ipynb\n"),
        Example(
            name: "Follow a run", cells: ["6 * 7", "8 * 9"],
            output: "2 cells, kernel python3\n1 succeeded 6 * 7\n2 succeeded 8 * 9\nsucceeded\n"),
        Example(
            name: "End a run", cells: ["print('WARNING', flush=True)\nimport time; time.sleep(600)"],
            output: "the run was canceled, in cell 1 of 1\n"),
        Example(
            name: "Run many", cells: ["1 / 0"],
            output: "0 clean.ipynb\n1 report.ipynb\nclean.ipynb succeeded\nreport.ipynb raised\n"),
        Example(name: "Keep the report", output: "succeeded 1\n"),
        Example(name: "Send code to a kernel", output: "16\n"),
        Example(name: "Notebooks in memory", output: "succeeded 42\n"),
        Example(name: "Notebooks elsewhere", output: "draft 17 1\n"),
        Example(name: "Around each cell", cells: ["def last_month(): pass", "full_history()"], output: "true\n"),
        Example(
            name: "Batch over a matrix",
            output: """
                report.ipynb [region=eu, year=2024] true
                report.ipynb [region=eu, year=2025] true
                report.ipynb [region=us, year=2024] true
                report.ipynb [region=us, year=2025] true

                """),
        Example(
            name: "Set parameters",
            output:
                "# Parameters\nimport os\npassword = os.environ[\"DB_PASSWORD\"]\ndays = 7\nregion = \"eu\"\n"),
        Example(name: "Changed cells that are saved", output: "true\n"),
        Example(name: "Look at outputs", output: "42\n"),
        Example(name: "Follow code", output: "true\n"),
        Example(name: "Run.fractionCompleted", output: "0 %\n100 %\n100 %\n1.0\n"),
        Example(name: "BatchRun.fractionCompleted", output: "1.0\n"),
        Example(name: "Execution", output: "0\n1\n2\ntrue\n"),
        Example(name: "KernelClient.restart", output: "NameError\n"),
        Example(name: "KernelClient.complete", output: "import math\nimport matplotlib_inline\n"),
        Example(name: "KernelClient.inspect", output: "true\n"),
        Example(name: "KernelClient.isComplete", output: "goes on with 4 spaces\n"),
        Example(name: "kernels", output: "true\n"),
        Example(name: "Notebooks in files", output: "[\"6 * 7\", \"Checked.\"]\n"),
        Example(name: "Observed cells", output: "[\"1 succeeded\"]\n"),
        Example(
            name: "Kernels of your own",
            output: "ran begin cell 2 of 3 raised ValueError: no price\n"),
        Example(name: "Kernels that run already", output: "ipython succeeded\n"),
        Example(
            name: "A provider of your own",
            output: "true [\"script\"]\ntrue []\nfalse [\"No provider has a kernel other\"]\n"),
        Example(
            name: "A storage of your own",
            output: "drawer://a/report.executed.ipynb\ndrawer://a/report.ipynb true []\n"
                + "drawer://stuck/report.ipynb true [\"The drawer is stuck. Pull again\"]\n"),
        Example(name: "A preparation of your own", output: "true 1\n"),
        Example(
            name: "A flag of your own",
            output: "Time\n  --nightly\n      Give the run eight hours\ntrue 600.0 seconds\n"),
        Example(name: "Options", output: "true\n"),
        Example(name: "MemoryStorage", output: "42\n"),
        Example(
            name: "NamedResults",
            cells: [#"display({"application/json": 0.25}, metadata={"galley": {"name": "rmse"}}, raw=True)"#],
            output: "0.25\nrmse 1\n"),
        Example(name: "Run", output: "1 6 * 7\nsucceeded\n"),
        Example(name: "KernelClient", output: "3628800\n"),
        Example(name: "EventSink", output: "0 report.ipynb true\nsucceeded\n"),
        Example(name: "ScriptedKernel", output: "I was asked to run 6 * 7\n"),
        Example(name: "ScriptedKernel.answering", output: "[\"print\", \"property\"]\n"),
    ]
}

@Suite struct `The library examples` {
    @Test(arguments: Example.all)
    func `The examples print what they promise`(example: Example) async throws {
        let folder = try TemporaryFolder()
        try folder.write(example.cells, to: "report.ipynb")
        try folder.write(["6 * 7"], to: "clean.ipynb")
        let existing =
            try ["Kernels that run already", "Options"].contains(example.name)
            ? ExistingKernel("kernel-4711", in: folder) : nil
        defer { existing?.end() }
        let run = try await GalleyProgram.run([example.name], program: Repository.products + "/Examples", in: folder)
        #expect(run.status == 0)
        #expect(example.comparable(run.output) == example.comparable(example.output))
    }

    @Test func `The examples are all run`() async throws {
        let run = try await GalleyProgram.run([], program: Repository.products + "/Examples")
        #expect(run.output.split(separator: "\n").map(String.init).sorted() == Example.all.map(\.name).sorted())
        // Each example is a function with its own name.
        let functions = try DocumentationCode.text(of: "Tests/Examples/Examples.swift").matches(of: #/\nfunc /#)
        #expect(functions.count == Example.all.count)
    }

    @Test func `The examples are those of the documentation, letter by letter`() throws {
        let source = CodeBlock.lines(of: try DocumentationCode.text(of: "Tests/Examples/Examples.swift"))
        let blocks = try DocumentationCode.blocks()
        for kind in [".docc", "README", ".swift"] {
            #expect(blocks.contains { $0.file.contains(kind) }, "nothing was found in \(kind)")
        }
        for block in blocks {
            let isThere = source.indices.contains { start in block.stands(in: source[start...]) }
            let imported = block.imports.allSatisfy { source.contains($0[...]) }
            #expect(
                isThere && imported,
                "\(block.file):\(block.line) stands in no function of Tests/Examples/Examples.swift")
        }
    }
}

extension Example {
    /// Returns a text without times, and with simultaneous lines in a fixed order.
    fileprivate func comparable(_ text: String) -> [String] {
        let lines = text.replacing(/[0-9?.e-]+ seconds/, with: "TIME").split(separator: "\n").map(String.init)
        return name == "Run many" ? lines.sorted() : lines
    }
}
