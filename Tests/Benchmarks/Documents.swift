import GalleyJSON
import GalleyStorage

/// Benchmarks of reading and writing large notebooks, alternately with Galley and with Python's `json`.
enum Documents {
    static func run(in folder: String, rounds: Int) async throws {
        try Shell.run("python3", "-c", generator, folder)
        for (file, title) in [("images", "images"), ("cells", "20,000 cells")] {
            let path = "\(folder)/\(file).ipynb"
            let size = try await LocalFile(path).read().count
            var samples: [String: [[Double]]] = [:]
            var (peak, own) = (0, 0)
            for _ in 0..<rounds {
                let ours = try Shell.run(CommandLine.arguments[0], "measure", path, "\(folder)/ours.ipynb")
                let python = try Shell.run("python3", "-c", judge, path, "\(folder)/python.ipynb")
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

    private static let generator = """
        import base64, json, os, random, sys
        random.seed(1)
        def notebook(name, cells):
            with open(f"{sys.argv[1]}/{name}.ipynb", "w") as file:
                json.dump({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, file, indent=1, sort_keys=True)
                file.write("\\n")
        def cell(i, source, outputs):
            return {"cell_type": "code", "execution_count": i, "id": f"c{i}", "metadata": {}, "outputs": outputs, "source": source}
        notebook("images", [cell(i, ["plot()"], [{"output_type": "display_data", "metadata": {}, "data": {
            "image/png": base64.b64encode(random.randbytes(1_000_000)).decode() + "\\n", "text/plain": ["<Figure>"]}}]) for i in range(45)])
        notebook("cells", [cell(i, ["total = 1\\n", f"total + {i}"], [{"output_type": "stream", "name": "stdout",
            "text": [f"line {n} of the output\\n" for n in range(8)]}]) for i in range(20_000)])
        """

    private static let judge = """
        import json, sys, time
        start = time.perf_counter()
        with open(sys.argv[1], encoding="utf-8") as file:
            notebook = json.load(file)
        loaded = time.perf_counter()
        with open(sys.argv[1], encoding="utf-8") as file:
            text = file.read()
        read = time.perf_counter()
        json.loads(text)
        parsed = time.perf_counter()
        notebook["cells"][17]["source"] = ["edited"]
        again = time.perf_counter()
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            json.dump(notebook, file, indent=1)
        print(loaded - start, parsed - read, time.perf_counter() - again)
        """
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
func rate(_ bytes: Int, _ seconds: Double) -> Int { Int(Double(bytes) / seconds / 1_000_000) }
func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
