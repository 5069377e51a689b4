import GalleyExecution
import GalleyJupyterProtocol
import GalleyParameters
import Testing

@Suite struct ResultTemplateTests {
    private let names = ResultNames(
        notebook: "report",
        [
            "region": "eu", "year": 2024, "month": 3, "limits": ["low": 0.5, "all": [1, "x"]], "up": "../../etc",
            "none": nil,
        ],
        time: Timestamp("2026-01-31T12:00:05.000123Z") ?? .now(), id: "4f2c")

    @Test(arguments: [
        ("out/{name}-{region}-{year}.ipynb", "out/report-eu-2024.ipynb"), ("{notebook_name}", "report"),
        ("{month:02}-{month:03d}-{year:02}", "03-003-2024"), ("a{{b}}{{{region}}}", "a{b}{eu}"),
        ("{limits[low]}-{limits.all[1]}", "0.5-x"), ("{pm.run_uuid}-{pm[run_uuid]}", "4f2c-4f2c"),
        ("{pm.current_datetime_utc}", "2026-01-31 12:00:05.000123+00:00"),
        ("{pm[current_datetime_utc]:%Y%m%d-%H%M%S}", "20260131-120005"),
        ("{up}/x-{none}.ipynb", "___.._etc/x-None.ipynb"),
        ("plain.ipynb", "plain.ipynb"),
    ])
    func `a template gives the name of a result`(template: String, location: String) throws {
        #expect(try ResultTemplate(template).location(names) == location)
    }

    @Test(arguments: [
        ("a}b", ResultTemplateError.singleBrace("}")), ("a{b", .singleBrace("{")), ("{}", .invalidField("")),
        ("{a!r}", .invalidField("a!r")), ("{region:>9}", .unsupportedFormat("region:>9")),
        ("{year:.2f}", .unsupportedFormat("year:.2f")), ("{name:02}", .unsupportedFormat("name:02")),
    ])
    func `a template that has no meaning is refused`(template: String, error: ResultTemplateError) {
        #expect(throws: error) { try ResultTemplate(template).location(names) }
    }

    @Test func `the date is that of this machine, unless a parameter has the name`() throws {
        let names = ResultNames(notebook: "report", time: Timestamp(microseconds: 1_780_000_000_000_000))
        let local = try ResultTemplate("{pm.current_datetime_local:%Y-%m-%d}").location(names)
        #expect(local.wholeMatch(of: /2026-05-2[78]/) != nil)
        let location = try ResultTemplate("s3://out/{date}/{name}.ipynb").location(names)
        #expect(location == "s3://out/\(local)/report.ipynb")
        #expect(try ResultTemplate("{date:%Y}").location(names) == "2026")
        #expect(try ResultTemplate("{date}").location(ResultNames(notebook: "a", ["date": "monday"])) == "monday")
    }

    @Test func `an unknown name in a template is refused with the names that are known`() {
        let known = [
            "region", "name", "notebook_name", "date", "pm.run_uuid", "pm.current_datetime_utc",
            "pm.current_datetime_local",
        ]
        #expect(throws: ResultTemplateError.unknownName("city", known: known)) {
            try ResultTemplate("{city}").location(ResultNames(notebook: "report", ["region": "eu"]))
        }
        #expect(throws: ResultTemplateError.self) { try ResultTemplate("{limits[high]}").location(names) }
    }

    @Test func `each run has an ID of its own in the form of version four`() throws {
        let ids = Set((0..<20).map { _ in ResultNames.newID() })
        #expect(ids.count == 20)
        let form = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        #expect(ids.allSatisfy { $0.wholeMatch(of: form) != nil })
    }
}
