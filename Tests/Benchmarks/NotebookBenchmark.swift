import GalleyJSON
import GalleyStorage

/// Compares Galley with Python's json: reads and writes large notebooks with each in turn.
enum NotebookBenchmark {
    static func run(in folder: String, rounds: Int) async throws {
        let root = try Shell.run("pwd")
        try Shell.run("python3", root + "/Tests/Benchmarks/large_notebooks.py", folder)
        for (file, title) in [("images", "images"), ("cells", "20,000 cells")] {
            let path = "\(folder)/\(file).ipynb"
            let size = try await LocalFile(path).read().count
            var samples: [String: [[Double]]] = [:]
            var (peak, own) = (0, 0)
            for _ in 0..<rounds {
                let ours = try Shell.run(CommandLine.arguments[0], "measure", path, "\(folder)/ours.ipynb")
                let python = try Shell.run(
                    "python3", root + "/Tests/Benchmarks/json_speed.py", path, "\(folder)/python.ipynb")
                let figures = ours.split(separator: " ").compactMap { Double($0) }
                peak = max(peak, Int(figures[3]))
                own = max(own, Int(figures[4]))
                samples["galley", default: []].append(figures)
                samples["python", default: []].append(python.split(separator: " ").compactMap { Double($0) })
            }
            print("\(title), \(size / 1_000_000) MB")
            for (index, (what, wanted)) in [("read and parse", 6.0), ("parse", 6), ("edit a cell and write", 10)]
                .enumerated()
            {
                let ours = samples["galley"]!.map { $0[index] }
                let theirs = samples["python"]!.map { $0[index] }
                let ratio = median(zip(theirs, ours).map { $0 / $1 })
                print(
                    "  \(padded(what, 24)) \(rate(size, median(ours))) MB/s, Python \(rate(size, median(theirs))) MB/s:",
                    "\(rounded(ratio)) times as fast (wanted: \(Int(wanted)))")
            }
            print(
                "  \(padded("peak memory", 24)) \(rounded(Double(peak - own) / Double(size))) times the file (wanted: at most 2), \(rounded(Double(peak) / Double(size))) with the \(own / 1_000_000) MB that the process had before"
            )
        }
    }

    /// Measures in a separate process, so that peak memory includes nothing else. Prints the seconds to read and parse,
    /// to parse alone, and to edit and write, then the bytes of memory at the peak and at the start.
    static func measure(_ path: String, _ result: String) async throws {
        let own = Shell.peakMemory
        let clock = ContinuousClock()
        let start = clock.now
        let bytes = try await LocalFile(path).read()
        let read = clock.now
        var document = try Document(parsing: bytes)
        let parsed = clock.now
        document.root["cells"]?[17]["source"] = ["edited"]
        try Shell.write(document.text, to: result)
        let written = clock.now
        print(seconds(parsed - start), seconds(parsed - read), seconds(written - parsed), Shell.peakMemory, own)
    }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
func rate(_ bytes: Int, _ seconds: Double) -> Int { Int(Double(bytes) / seconds / 1_000_000) }
func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
