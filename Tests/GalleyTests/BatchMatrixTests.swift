import Foundation
import Galley
import GalleyParameters
import GalleyTestSupport
import GalleyTesting
import Testing

@Suite struct `A batch over a matrix` {
    private let matrix = ParameterMatrix(["region": ["eu", "a/b"], "year": [2024, 2025]])

    @Test func `A batch over a matrix has a job with the parameters of each run`() throws {
        var options = Options()
        options.parameters.values = ["days": 7, "year": 1]
        let batch = try Batch(matrix, of: "n/report.ipynb", options)
        #expect(
            batch.jobs.map(\.options.parameters.values.text) == [
                "days=7, year=2024, region=eu", "days=7, year=2025, region=eu", "days=7, year=2024, region=a/b",
                "days=7, year=2025, region=a/b",
            ])
        #expect(batch.jobs.allSatisfy { $0.name == "n/report.ipynb" })
        #expect(batch.jobs.allSatisfy { $0.distinguishingParameters == ["region", "year"] })
    }

    @Test func `The runs of a matrix have results with different names`() throws {
        var options = Options()
        func results() throws -> [ResultPlace] {
            try Batch(matrix, of: "n/r.ipynb", options).jobs.map(\.options.result)
        }
        #expect(try results().prefix(2) == [.file("n/r.executed-eu-2024.ipynb"), .file("n/r.executed-eu-2025.ipynb")])
        options.result = .folder("out")
        #expect(try results().first == .template("out/r-eu-2024.ipynb"))
        #expect(try Set(results()).count == 4)
        options.result = .template("{region}/{name}-{year}.ipynb")
        #expect(
            try results() == [
                .template("eu/r-2024.ipynb"), .template("eu/r-2025.ipynb"), .template("a_b/r-2024.ipynb"),
                .template("a_b/r-2025.ipynb"),
            ])
        options.result = .nowhere
        #expect(try results() == [.nowhere, .nowhere, .nowhere, .nowhere])
    }

    @Test func `Two runs of a matrix with one result are refused before anything runs`() throws {
        var options = Options()
        for place in [ResultPlace.inPlace, .file("r.ipynb"), .template("out/{region}.ipynb")] {
            options.result = place
            let error = #expect(throws: SharedResultError.self) { try Batch(matrix, of: "n/r.ipynb", options) }
            #expect(error?.second == ["region": "eu", "year": 2025])
        }
        options.result = .template("out/{city}.ipynb")
        #expect(throws: ResultTemplateError.self) { try Batch(matrix, of: "n/r.ipynb", options) }
        #expect(throws: ParameterMatrixError.noValues("a")) { try Batch(ParameterMatrix(["a": []]), of: "n/r.ipynb") }
    }

    @Test func `The report of a batch over a matrix names each run by its parameters, also after it was decoded`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = folder("report.ipynb")
        try Data(notebook("prints done").text.bytes).write(to: URL(fileURLWithPath: path))
        var options = scripted()
        options.result = .template("\(folder.path)/out/{region}/{year}.ipynb")
        options.parameters.values = ["rate": .double(.nan)]
        options.parameters.secrets = ["password": "DB_PASSWORD"]
        let report = try await Batch(matrix, of: NotebookLocation(path), options).run()
        #expect(report.isSuccess)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder("out")).filter { $0.hasSuffix(".ipynb") }
        #expect(Set(files) == ["eu/2024.ipynb", "eu/2025.ipynb", "a_b/2024.ipynb", "a_b/2025.ipynb"])
        #expect(report.jobs[3].title == "\(path) [region=a/b, year=2025]")
        #expect(report.jobs[3].parameters.names == ["rate", "region", "year"])
        let json = try JSONEncoder().encode(report)
        #expect(!String(decoding: json, as: UTF8.self).contains("DB_PASSWORD"))
        let decoded = try JSONDecoder().decode(BatchReport.self, from: json)
        #expect(decoded.jobs.map(\.title) == report.jobs.map(\.title))
        guard case .double(let rate)? = decoded.jobs[0].parameters["rate"] else {
            Issue.record("the rate is no number")
            return
        }
        #expect(rate.isNaN)
    }

    @Test func `All attempts of a run have the same result`() async throws {
        let folder = try TemporaryFolder()
        let path = folder("report.ipynb")
        try Data(notebook("dies").text.bytes).write(to: URL(fileURLWithPath: path))
        var options = scripted()
        options.result = .template("\(folder.path)/out/{name}-{pm.run_uuid}.ipynb")
        var batch = Batch([Batch.Job(path, options)])
        batch.retries = 2
        let report = await batch.run()
        #expect(report.jobs[0].failedAttempts.count == 2)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder("out")).filter { !$0.hasPrefix(".") }
        #expect(files.count == 1 && files[0].hasPrefix("report-"))
    }
}
