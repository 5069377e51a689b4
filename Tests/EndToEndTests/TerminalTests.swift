import Foundation
import GalleyTestSupport
import Testing

/// The program at a pseudo-terminal, which is read as a screen.
@Suite struct `A terminal` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `A terminal shows dots and progress bars before their lines end`() async throws {
        try folder.write([
            "for part in 'ab':\n    print(part, end='', flush=True)\n    open(part, 'w').close()\n"
                + waiting(for: "go"),
            "from tqdm import tqdm\nbar = tqdm(total=4, mininterval=0)\nbar.update(3)\n" + waiting(for: "bar")
                + "\nbar.update(1)\nbar.close()",
            "from tqdm.auto import tqdm\nbar = tqdm(total=4, desc='Epoch', mininterval=0)\nbar.update(3)\n"
                + waiting(for: "widget") + "\nbar.update(1)\nbar.close()",
        ])
        let run = try await GalleyProgram.screen(
            ["execute", "--inplace", "--stream", "a.ipynb"], in: folder,
            acting: [
                #"(?s)\[1/3\] +for part.*\nab\n\[1/3\].* 0/3$"#: "go",
                #"(?s)\[2/3\] +from tqdm.*\n 75%\|███████▌  \| 3/4 .*\n\[2/3\].* 1/3$"#: "bar",
                #"(?s)\[3/3\] +from tqdm.*\nEpoch:  75%\|███████   \| 3/4 .*\n\[3/3\].* 2/3$"#: "widget",
            ])
        #expect(run.status == 0, "\(run.lines)")
        let rates = /\[[^\]]*it\/s\]\ */
        #expect(
            run.lines.map { $0.replacing(rates, with: "[]") } == [
                "a.ipynb: 3 cells, kernel python3", "[1/3]          for part in 'ab':", "ab",
                "[2/3]          from tqdm import tqdm", "100%|██████████| 4/4 []",
                "[3/3]          from tqdm.auto import tqdm", "Epoch: 100%|██████████| 4/4 []", "a.ipynb: 3 cells in T",
            ])
    }

    @Test func `A terminal keeps no line for each of three hundred cells, but those of failures`() async throws {
        try folder.write((1...300).map { "\($0)" } + ["1/0", "2"])
        let run = try await GalleyProgram.screen(["execute", "--inplace", "a.ipynb"], in: folder, size: "80x10")
        #expect(run.status == 1)
        #expect(
            run.lines.prefix(3) == [
                "a.ipynb: 302 cells, kernel python3", "[301/302] T  1/0  <- raised ZeroDivisionError: division by zero",
                "galley: a.ipynb: cell 301 of 302 raised ZeroDivisionError: division by zero",
            ])
        try folder.write((1...300).map { "\($0)" }, to: "b.ipynb")
        let plain = try await GalleyProgram.screen(
            ["execute", "--inplace", "b.ipynb"], in: folder, variables: ["TERM": "dumb"])
        #expect(plain.lines.count == 302)
    }

    @Test func `A narrow terminal shows a status that fits, without colors on request`() async throws {
        for name in ["a", "b"] {
            try folder.write(["print('x' * 100, end='', flush=True)\n" + waiting(for: "go")], to: "\(name).ipynb")
        }
        let run = try await GalleyProgram.screen(
            ["execute", "--inplace", "--stream", "-j", "2", "a.ipynb", "b.ipynb"], in: folder, size: "40x12",
            acting: [
                // At most 39 columns, and the end of each line that grows.
                #"\n  a\.ipynb \[1/1\][^\n]{0,26}\n    x{35}\n  b\.ipynb \[1/1\][^\n]{0,26}\n    x{35}\n░{8} 0/2$"#:
                    "go"
            ], variables: ["TERM": "xterm", "NO_COLOR": "1"])
        #expect(run.status == 0, "\(run.lines)")
        #expect(run.lines.count { $0.hasSuffix(".ipynb: " + String(repeating: "x", count: 100)) } == 2)
    }

    @Test func `Ctrl-C at a terminal says what happens, and a second one that the kernel is killed`() async throws {
        let deaf = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready', flush=True)\n"
        try folder.write(["1", deaf + waiting(for: "never")])
        let run = try await GalleyProgram.screen(
            ["execute", "--inplace", "--stream", "--grace", "1000s", "a.ipynb"], in: folder, size: "200x10",
            acting: [#"\nready\n"#: "press:C-c", "interrupting": "press:C-c"])
        #expect(run.status == 130)
        #expect(
            run.lines.contains(
                "galley: a.ipynb: interrupting cell 2 of 2. If the cell does not end within T, Galley kills "
                    + "the kernel; to do that at once, press Ctrl-C again"), "\(run.lines)")
        #expect(run.lines.contains("galley: a.ipynb: killing the kernel, and saving the outputs so far"))
        #expect(run.lines.contains("galley: a.ipynb: the run was ended by SIGINT, in cell 2 of 2"), "\(run.lines)")
    }
}

@Suite struct `The lines about a run` {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `The output of two kernels is never mixed in a line, and stands under the title of its cell`()
        async throws
    {
        // Each waits for the other after half a line.
        for (own, other) in [("a", "b"), ("b", "a")] {
            let half = "print('\(own)' * 9, end='', flush=True)\nopen('half-\(own)', 'w').close()\n"
            try folder.write([half + waiting(for: "half-\(other)") + "\nprint('\(own)')"], to: "\(own).ipynb")
        }
        let run = try await GalleyProgram.run(
            ["execute", "--inplace", "--stream", "-j", "2", "a.ipynb", "b.ipynb"], in: folder)
        #expect(run.status == 0)
        for name in ["a", "b"] {
            let lines = run.errors.split(separator: "\n").filter { $0.hasPrefix("\(name).ipynb: ") }
            #expect(
                lines == [
                    "\(name).ipynb: 1 cell, kernel python3",
                    "\(name).ipynb: [1/1] print('\(name)' * 9, end='', flush=True)",
                    "\(name).ipynb: \(String(repeating: name, count: 10))",
                ])
        }
    }

    @Test func `A failure says where the result is, as success does`() async throws {
        try folder.write(["1/0"])
        let run = try await GalleyProgram.run(["execute", "a.ipynb"], in: folder)
        #expect(run.status == 1)
        #expect(run.errors.hasSuffix("\na.ipynb: saved as a.executed.ipynb\n"), "\(run.errors)")
        let inPlace = try await GalleyProgram.run(["execute", "--inplace", "a.ipynb"], in: folder)
        #expect(!inPlace.errors.contains("saved as"))
    }

    @Test func `A notebook of a batch that is interrupted is not called failed`() async throws {
        try folder.write(["1/0"], to: "a.ipynb")
        try folder.write(["open('begun', 'w').close()\nimport time; time.sleep(1000)"], to: "b.ipynb")
        try folder.write(["1"], to: "c.ipynb")
        let running = try await GalleyProgram.start(
            ["execute", "--inplace", "-j", "1", "--events", "events", ".", "--grace", "100s"], in: folder)
        #expect(try await eventually { folder.names.contains("begun") })
        running.send(SIGINT)
        let run = try await running.end()
        #expect(run.status == 130)
        let lines = run.errors.split(separator: "\n")
        #expect(
            lines.contains(
                "galley: interrupting 1 notebook. If the cell does not end within 80 s, Galley kills the kernel; to "
                    + "do that at once, press Ctrl-C again"), "\(run.errors)")
        #expect(
            run.errors.contains(/\[2\/3\] interrupted +[0-9.]+ m?s  b\.ipynb: the run was ended by SIGINT, in cell/))
        #expect(run.errors.contains(/galley: 1 of 2 notebooks failed, in [0-9.]+ m?s:\n  a\.ipynb: cell 1/))
        #expect(
            run.errors.contains("galley: 1 notebook interrupted and 1 not run, because the run was ended by SIGINT\n"))
        let end = try #require(try folder.events("events").last)
        #expect((end["failed"] as? Int, end["interrupted"] as? Int, end["left_out"] as? Int) == (1, 1, 1))
    }

    @Test func `A missing kernel names the notebook and the ways out`() async throws {
        try folder.write(["1"], kernel: "absent")
        let run = try await GalleyProgram.run(["execute", "a.ipynb"], in: folder)
        #expect(run.status == 4)
        #expect(run.errors.hasPrefix("galley: a.ipynb: Kernel 'absent' not found. "))
        #expect(run.errors.hasSuffix("; or use --kernel python3 or --kernel-fallback\n"), "\(run.errors)")
        try folder.write(["1"], to: "b.ipynb")
        let batch = try await GalleyProgram.run(["execute", "--inplace", "a.ipynb", "b.ipynb"], in: folder)
        #expect(batch.status == 4)
        #expect(batch.errors.contains("; or use --kernel python3 or --kernel-fallback\n"), "\(batch.errors)")
        // An option that cannot work ends the run once.
        let text = try folder.text("b.ipynb")
        for command in [["execute", "--inplace"], ["check"]] {
            let refused = try await GalleyProgram.run(
                command + ["-k", "step", "a.ipynb", "b.ipynb", "--status", "status.json"], in: folder)
            #expect(refused.status == 4)
            #expect(refused.errors.hasPrefix("galley: --kernel step: Kernel 'step' not found. "))
            #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
            #expect(try folder.text("status.json").contains("Kernel 'step' not found"))
        }
        #expect(try folder.text("b.ipynb") == text)
    }

    @Test func `A cell that asks for input names --answer, and answers that are left are reported`() async throws {
        try folder.write(["input()"])
        let run = try await GalleyProgram.run(["execute", "--inplace", "a.ipynb"], in: folder)
        #expect(run.status == 1)
        #expect(
            run.errors.hasSuffix("\ngalley: a.ipynb: the cell asks for input; give the answer with --answer TEXT\n"))
        let answered = try await GalleyProgram.run(
            ["execute", "--inplace", "a.ipynb", "--answer", "1", "--answer", "2", "--answer", "3"], in: folder)
        #expect(answered.status == 0)
        #expect(answered.errors.hasSuffix("\ngalley: --answer: 2 of 3 answers were not used\n"), "\(answered.errors)")
        try folder.write(["1"], to: "b.ipynb")
        let batch = try await GalleyProgram.run(
            ["execute", "--inplace", "a.ipynb", "b.ipynb", "--answer", "1"], in: folder)
        #expect(batch.status == 0 && !batch.errors.contains("not used"), "\(batch.errors)")
    }
}
