import GalleyParameters
import Testing

@Suite struct MatrixTests {
    @Test func `the last axis of a matrix changes first`() throws {
        let matrix = ParameterMatrix(["region": ["eu", "us"], "year": [2024, 2025]])
        #expect(
            try matrix.runs().map(\.text) == [
                "region=eu, year=2024", "region=eu, year=2025", "region=us, year=2024", "region=us, year=2025",
            ])
    }

    @Test func `each row runs with each value of the axes`() throws {
        let matrix = ParameterMatrix(["year": [1, 2]], rows: [["city": "Bern"], ["city": "Rom", "note": nil]])
        #expect(
            try matrix.runs().map(\.text) == [
                "city=Bern, year=1", "city=Bern, year=2", "city=Rom, note=None, year=1", "city=Rom, note=None, year=2",
            ])
    }

    @Test func `a matrix without axes and rows has one run without parameters`() throws {
        #expect(try ParameterMatrix().runs() == [ParameterMap()])
    }

    @Test func `a matrix with more than ten thousand runs is refused with their number`() {
        let values = (0..<101).map { ParameterValue.integer(ParameterInteger($0)) }
        #expect(throws: ParameterMatrixError.tooManyRuns(10_201)) {
            try ParameterMatrix(["a": values, "b": values]).runs()
        }
        let axes = (0..<12).map { ParameterMatrix.Axis("a\($0)", values) }
        var matrix = ParameterMatrix()
        matrix.axes = axes
        #expect(throws: ParameterMatrixError.tooManyRuns(.max)) { try matrix.runs() }
        #expect(throws: ParameterMatrixError.tooManyRuns(10_000_000_000)) {
            try ParameterMatrix.Axis(parsing: "n=1..10000000000")
        }
        #expect(throws: ParameterMatrixError.tooManyRuns(.max)) {
            try ParameterMatrix.Axis(parsing: "n=-9223372036854775808..9223372036854775807")
        }
    }

    @Test func `a name or a value that stands twice in a matrix is refused`() {
        #expect(throws: ParameterMatrixError.repeatedName("a")) { try ParameterMatrix(["a": [1], "a": [2]]).runs() }
        #expect(throws: ParameterMatrixError.repeatedName("a")) {
            try ParameterMatrix(["a": [1]], rows: [["b": 1], ["a": 2]]).runs()
        }
        #expect(throws: ParameterMatrixError.repeatedValue("a", 1)) { try ParameterMatrix(["a": [1, 2, 1]]).runs() }
        #expect(throws: ParameterMatrixError.repeatedRow(first: 1, second: 3)) {
            try ParameterMatrix(rows: [["a": 1], ["a": 2], ["a": 1]]).runs()
        }
        #expect(throws: ParameterMatrixError.noValues("a")) { try ParameterMatrix(["a": []]).runs() }
    }

    @Test(
        arguments: [
            ("region=eu,us", ["eu", "us"]), ("x=1,0.5,True,None,1e3", [1, 0.5, true, nil, 1000.0]),
            ("year=2024..2026", [2024, 2025, 2026]), ("n=-1..1,7", [-1, 0, 1, 7]), ("n=3..3", [3]),
            ("day=2024-02-28..2024-03-01", ["2024-02-28", "2024-02-29", "2024-03-01"]),
            ("day=1999-12-31..2000-01-01", ["1999-12-31", "2000-01-01"]),
            (#"city="Bern, CH",Rom,"1","a ""b""","""#, ["Bern, CH", "Rom", "1", #"a "b""#, ""]),
            ("path=../data,a..b,1..x", ["../data", "a..b", "1..x"]), (#"n="1..x9""#, ["1..x9"]),
            ("text=a=b,\u{301}", ["a=b", "\u{301}"]),
        ] as [(String, [ParameterValue])])
    func `the text of an axis gives its values`(text: String, values: [ParameterValue]) throws {
        #expect(try ParameterMatrix.Axis(parsing: text).values == values)
    }

    @Test(arguments: [
        ("region", "write a name, an equals sign and values, such as region=eu,us"),
        ("=eu", "write a name, an equals sign and values, such as region=eu,us"),
        ("region=", "a value is missing; write \"\" for an empty text"),
        ("region=eu,", "a value is missing; write \"\" for an empty text"),
        ("region=\"eu", "a quote is not closed"), ("region=\"eu\"x", "a comma must follow the closing quote"),
        ("year=2026..2024", "the range ends before it begins; write the smaller end first"),
    ])
    func `an axis that is not valid is refused with the problem`(text: String, problem: String) {
        #expect(throws: ParameterMatrixError.invalidAxis(text, problem: problem)) {
            try ParameterMatrix.Axis(parsing: text)
        }
    }

    @Test(arguments: ["2024..", "1...9", "1..2.5", "2023-02-29..2023-03-01", "2024-01..2024-03"])
    func `a range that is mistyped is no text`(range: String) {
        let problem = "'\(range)' is no range of integers or days, such as 1..9; if it is a text, write it in quotes"
        #expect(throws: ParameterMatrixError.invalidAxis("x=\(range)", problem: problem)) {
            try ParameterMatrix.Axis(parsing: "x=\(range)")
        }
    }

    @Test func `results of runs have distinct names that the values alone decide`() {
        let runs: [ParameterMap] = [
            ["region": "eu", "year": 2024], ["region": "eu", "year": "2024"], ["region": "a/b", "year": 1],
            ["region": "a_b", "year": 1], ["region": "..", "year": nil], ["region": "", "year": 0.5],
            ["region": .string(String(repeating: "ü", count: 500)), "year": 1], ["region": "a\nb", "year": 1],
            ["region": "x-y", "year": "z"], ["region": "x", "year": "y-z"], ["region": "us", "year": -1], [:],
        ]
        let suffixes = runs.resultSuffixes
        #expect(Set(suffixes).count == runs.count)
        #expect(suffixes.allSatisfy { !$0.contains("/") && !$0.contains("\n") && $0.utf8.count <= 140 })
        #expect(suffixes[3] == "-a_b-1" || suffixes[3].hasPrefix("-a_b-1-"))
        #expect(suffixes[10] == "-us--1")
        #expect(suffixes[11].isEmpty)
        // The others keep their names without their neighbors.
        #expect([runs[2]].resultSuffixes == [suffixes[2]])
        #expect(runs.reversed().map(\.self).resultSuffixes == suffixes.reversed())
    }
}

@Suite struct RowsTests {
    @Test func `a table of comma separated values gives a row for each line`() throws {
        let text =
            "\u{FEFF}region,year, note\r\neu,2024,\r\n\r\n\"Bern, CH\",0.5,\"say \"\"hi\"\"\nthere\"\r\nus,\"7\",\"\""
        #expect(
            try ParameterRowsFormat.csv.rows(of: text) == [
                ["region": "eu", "year": 2024, "note": nil],
                ["region": "Bern, CH", "year": 0.5, "note": "say \"hi\"\nthere"],
                ["region": "us", "year": "7", "note": ""],
            ])
    }

    @Test func `JSON lines and a JSON list give the same rows, which can have different names`() throws {
        let rows: [ParameterMap] = [
            ["a": 1, "b": ["x": [nil]]], ["c": "\u{2028}"], ["a": 12_345_678_901_234_567_890.0],
        ]
        let lines = "{\"a\": 1, \"b\": {\"x\": [null]}}\r\n\n{\"c\": \"\u{2028}\"}\n{\"a\": 1.2345678901234567e+19}\n"
        #expect(try ParameterRowsFormat.json.rows(of: lines) == rows)
        let list = "[" + lines.split { $0.isNewline && $0 != "\u{2028}" }.joined(separator: ",\n") + "]"
        #expect(try ParameterRowsFormat.json.rows(of: list) == rows)
        #expect(try ParameterRowsFormat.json.rows(of: "{\n\"a\": 1\n}") == [["a": 1]])
    }

    @Test(arguments: [
        ("each.CSV", "", ParameterRowsFormat.csv), ("each.jsonl", "", .json), ("each.yml", "", .yaml),
        ("each", "\n [", .json), ("each", "{", .json), ("each", "- a: 1", .yaml), ("each", "a,b", .csv),
        ("/dev/fd/7", "\u{FEFF}{", .json),
    ])
    func `the name of a file or its first character decides on the format`(
        path: String, text: String, format: ParameterRowsFormat
    ) {
        #expect(ParameterRowsFormat(path: path, text: text) == format)
    }

    @Test(arguments: [
        (ParameterRowsFormat.csv, "", 1, 1, "there are no rows"), (.csv, "a,b\n", 1, 1, "there are no rows"),
        (.csv, "a,b\n1,2\n3\n", 3, 1, "the row has 1 values, but the first line has 2 names"),
        (.csv, "a,\n1,2", 1, 1, "column 2 has no name"), (.csv, "a,a\n1,2", 1, 1, "two columns have the name 'a'"),
        (.csv, "a;b\n1;2", 1, 1, "columns are separated by commas, not by semicolons"),
        (.csv, "a\tb\n1\t2", 1, 1, "columns are separated by commas, not by tabs"),
        (.csv, "a\n\"1\n", 2, 1, "a quote is not closed"),
        (.csv, "a\n\"1\n2\"3", 3, 1, "a comma must follow the closing quote"),
        (.json, "[]", 1, 1, "there are no rows"), (.json, "[{},\n3]", 1, 1, "element 2 of the list is not an object"),
        (.json, "{\"a\": 1}\n3", 2, 1, "the line is not an object with distinct names"),
        (.json, "{\"a\": 1}\n{\"a\": 1, \"a\": 2}", 2, 1, "the line is not an object with distinct names"),
        (.json, "{\"a\": 1}\n{\"a\": }", 2, 7, "the text is not valid JSON"),
        (.json, "[{\"a\": 1},\n x]", 2, 2, "the text is not valid JSON"),
    ])
    func `rows that are not valid are refused with the line and the problem`(
        format: ParameterRowsFormat, text: String, line: Int, column: Int, problem: String
    ) {
        #expect(throws: ParameterError.invalidText(line: line, column: column, problem: problem)) {
            try format.rows(of: text)
        }
    }
}
