import Foundation
import GalleyTestSupport
import Testing

@Suite struct `The results that cells hand back` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What `glue` of scrapbook 0.5 displays.
    private static let glue = """
        def glue(name, data, encoder="json"):
            payload = {"name": name, "data": data, "encoder": encoder, "version": 1}
            display({f"application/scrapbook.scrap.{encoder}+json": payload}, raw=True,
                    metadata={"scrapbook": {"name": name, "data": True, "display": False}})
        """

    private func validate(_ judge: String, _ schema: String, _ document: String) async throws {
        let run = try await GalleyProgram.run(
            [Repository.fixture("judges/\(judge).py"), Repository.root + "/Sources/\(schema)", document],
            program: Repository.python, in: folder)
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test func `Results of a real kernel are in the report, in the events and on the page`() async throws {
        try folder.write([
            Self.glue + "\nglue('rmse', 0.25)\nglue('note', 'héllo', 'text')",
            """
            shown = display({"text/plain": "first", "text/html": "<b>first</b>"}, raw=True, display_id="shown",
                            metadata={"galley": {"name": "shown"}})
            display({"application/json": list(range(3))}, raw=True, metadata={"galley": {"name": "list"}})
            display({"text/plain": "x" * 1_500_000}, raw=True, metadata={"galley": {"name": "large"}})
            """,
            """
            from IPython.display import update_display
            update_display({"text/plain": "second"}, raw=True, display_id="shown")
            glue("rmse", 0.5)
            """,
        ])
        let run = try await GalleyProgram.run(
            [
                "execute", "--inplace", "--json", "report.json", "--events", "events", "--html", "page.html", "a.ipynb",
            ], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        try await validate("events", "CLI/events.schema.json", "events")
        let report = try JSONSerialization.jsonObject(with: Data(try folder.text("report.json").utf8))
        let notebooks = (report as? [String: Any])?["notebooks"] as? [[String: Any]]
        let notebook = try #require(notebooks?.first)
        try JSONSerialization.data(withJSONObject: notebook).write(to: URL(fileURLWithPath: folder.path + "/one.json"))
        try await validate("notebook_reports", "Reports/report.schema.json", "one.json")

        let results = try #require(notebook["results"] as? [[String: Any]])
        #expect(results.map { $0["name"] as? String } == ["note", "shown", "list", "large", "rmse"])
        #expect(results.map { $0["cell"] as? Int } == [1, 2, 2, 2, 3])
        #expect(results[0]["value"] as? String == "héllo" && results[0]["encoder"] as? String == "text")
        #expect(results[1]["value"] as? String == "second")
        #expect(results[1]["data"] as? [String: String] == ["text/plain": "second"])
        #expect(results[2]["value"] as? [Int] == [0, 1, 2])
        #expect(results[3]["value"] == nil && results[3]["size"] as? Int ?? 0 > 1_500_000)
        #expect(results[4]["value"] as? Double == 0.5)

        let events = try folder.events("events").filter {
            ["result", "cell-finished"].contains($0["event"] as? String)
        }
        #expect(
            events.map { $0["name"] as? String ?? "end \($0["cell"] ?? "")" } == [
                "end 1", "rmse", "note", "end 2", "shown", "list", "large", "end 3", "shown", "rmse",
            ])
        let page = try folder.text("page.html")
        #expect(page.contains("<dt><a href=\"#n0-c2\">rmse</a></dt><dd>0.5</dd>"))
        #expect(page.contains("<dt><a href=\"#n0-c1\">large</a></dt><dd>1.5 MB, in the notebook</dd>"))
    }
}
