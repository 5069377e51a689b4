import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTesting
import Testing

extension ScriptedKernel.Step {
    /// A display that hands back a result.
    static func named(
        _ name: String?, _ data: Value, id: String? = nil, type: String = "display_data"
    ) -> Self {
        let metadata: Value = name.map { ["galley": ["name": .string($0)]] } ?? [:]
        var content: Value = ["data": data, "metadata": metadata]
        if let id { content["transient"] = ["display_id": .string(id)] }
        return .say(type, on: .iopub, content: content)
    }

    /// What scrapbook displays for a value.
    static func glue(_ name: String, _ data: Value, encoder: String = "json") -> Self {
        let payload: Value = [
            "data": data, "encoder": .string(encoder), "name": .string(name), "version": 1,
        ]
        let metadata: Value = ["scrapbook": ["data": true, "display": false, "name": .string(name)]]
        let content: Value = [
            "data": .object([("application/scrapbook.scrap.\(encoder)+json", payload)]), "metadata": metadata,
        ]
        return .say("display_data", on: .iopub, content: content)
    }

    /// What scrapbook displays for a value that is shown.
    static func glueDisplay(_ name: String, _ data: Value) -> Self {
        let metadata: Value = ["scrapbook": ["data": false, "display": true, "name": .string(name)]]
        return .say("display_data", on: .iopub, content: ["data": data, "metadata": metadata])
    }
}

@Suite struct `The results of a notebook` {
    /// Runs cells that each have these outputs.
    private func run(_ cells: [[ScriptedKernel.Step]], _ settings: RunSettings = RunSettings()) async throws
        -> ScriptedRun
    {
        try await ExecutionTests.run(Notebook(cells: cells.indices.map(String.init)), settings) { code, _ in
            .running(Int(code).map { cells[$0] } ?? [])
        }
    }

    private func texts(_ results: some Sequence<NamedResult>) -> [String] {
        results.map { result in
            let value = result.value.map { String(decoding: Document($0, style: .oneLine).text.bytes, as: UTF8.self) }
            return "\(result.cell) \(result.name) = \(value?.dropLast() ?? "?")"
        }
    }

    private func events(_ run: ScriptedRun) -> [NamedResult] {
        run.events.compactMap { if case .result(let result) = $0 { result } else { nil } }
    }

    @Test func `A display with a name, and what scrapbook glues, are results with values, in order`() async throws {
        let run = try await run([
            [.print("no result"), .named("plot", ["image/png": "iVBO", "text/plain": "<Figure>"])],
            [
                .glue("rmse", 0.25), .glue("note", "héllo", encoder: "text"),
                .named("table", ["application/json": [1, 2], "text/plain": "<JSON>"]), .named(nil, ["text/plain": "5"]),
                .named("page", ["text/html": "<b>x</b>"], type: "execute_result"),
            ],
        ])
        #expect(
            texts(run.results) == [
                #"1 plot = "<Figure>""#, "2 rmse = 0.25", #"2 note = "héllo""#, "2 table = [1,2]", "2 page = ?",
            ])
        #expect(run.results["plot"]?.data?.types == ["image/png", "text/plain"])
        #expect(run.results["plot"]?.data?.text("image/png") == "iVBO")
        #expect(run.results["rmse"]?.data == nil && run.results["rmse"]?.encoder == "json")
        #expect(run.results["page"]?.data?.text("text/html") == "<b>x</b>")
        #expect(run.results["rmse"]?.index == 1 && run.results["other"] == nil)
        #expect(texts(events(run)) == texts(run.results))
    }

    @Test func `The last output of a name counts`() async throws {
        let run = try await run([[.glue("a", 1), .glue("b", 2), .glue("a", 3)], [.named("b", ["text/plain": "4"])]])
        #expect(texts(run.results) == ["1 a = 3", #"2 b = "4""#])
    }

    @Test func `A value that scrapbook also shows is one result with both`() async throws {
        let run = try await run([
            [.glue("a", 1), .glueDisplay("a", ["text/plain": "one"]), .glueDisplay("b", ["text/plain": "two"])]
        ])
        #expect(texts(run.results) == ["1 a = 1", #"1 b = "two""#])
        #expect(run.results["a"]?.data?.text("text/plain") == "one")
    }

    @Test func `An update of an output changes its result, also without the name`() async throws {
        let run = try await run([
            [.named("a", ["text/plain": "old"], id: "d"), .named("b", ["text/plain": "old"], id: "e")],
            [
                .named(nil, ["text/plain": "new"], id: "d", type: "update_display_data"),
                .named("c", ["text/plain": "new"], id: "e", type: "update_display_data"),
            ],
        ])
        #expect(texts(run.results) == [#"1 a = "new""#, #"1 c = "new""#])
        #expect(texts(events(run)) == [#"1 a = "old""#, #"1 b = "old""#, #"1 a = "new""#, #"1 c = "new""#])
        #expect(run.notebook.cells[0].outputs[0].metadata["galley"]?["name"]?.string == "a")
    }

    @Test func `A cleared output, one beyond the limit and one of an earlier run are no results`() async throws {
        let cleared = try await run([[.glue("a", 1), .clear(waits: true), .print("x")], [.glue("b", 1)]])
        #expect(texts(cleared.results) == ["2 b = 1"])
        #expect(texts(events(cleared)) == ["2 b = 1"])
        var settings = RunSettings()
        settings.outputLimit = 1000
        let long = Value.string(String(repeating: "x", count: 2000))
        let limited = try await run([[.glue("a", 1), .glue("b", long)]], settings)
        #expect(texts(limited.results) == ["1 a = 1"])
        var notebook = Notebook(cells: ["x", "y"])
        notebook.cells[0].outputs = [
            .displayData(MimeBundle(["text/plain": "5"]), metadata: ["galley": ["name": "old"]])
        ]
        settings = RunSettings()
        settings.only.numbers = [2...2]
        let part = try await ExecutionTests.run(notebook, settings) { _, _ in .running() }
        #expect(part.results.isEmpty)
    }

    @Test func `A result that is too large has a name and a size, and no value`() async throws {
        let (large, medium) = (String(repeating: "x", count: 1_000_000), String(repeating: "x", count: 900_000))
        let run = try await run([
            [.named("large", ["text/plain": .string(large)]), .glue("small", 1)],
            (0..<5).map { .glue("\($0)", .string(medium)) },
        ])
        #expect(run.results.map { $0.value != nil } == [false, true, true, true, true, true, false])
        let result = try #require(run.results["large"])
        #expect(result.data == nil && result.size > 1_000_000)
        #expect(events(run).map { $0.value != nil } == [false, true, true, true, true, true, false])
    }

    @Test(arguments: [
        #"{"galley": {"name": ""}}"#, #"{"galley": {"name": 5}}"#, #"{"galley": "a"}"#, #"{"galley": []}"#,
        #"{"scrapbook": {"name": "a", "display": false}}"#, #"{"scrapbook": {"display": true}}"#,
    ])
    func `Metadata without a proper name make no result`(metadata: String) async throws {
        let metadata = try Document(parsing: Array(metadata.utf8)).root
        let steps: [ScriptedKernel.Step] = [
            .say("display_data", on: .iopub, content: ["data": ["text/plain": "x"], "metadata": metadata]),
            .say(
                "display_data", on: .iopub,
                content: ["data": ["application/scrapbook.scrap.json+json": [1]], "metadata": [:]]),
        ]
        #expect(try await run([steps]).results.isEmpty)
    }
}
