import GalleyParameters
import Testing

@Suite struct `The check of parameters` {
    private static let huge: ParameterValue = .integer(ParameterInteger("123456789012345678901234567890")!)

    /// Types, the values that they accept, and values that they refuse.
    static let types: [(type: String, accepted: [ParameterValue], refused: [ParameterValue])] = [
        ("int", [1, huge, true], [1.0, "1", nil, [1], ["a": 1]]),
        ("float", [1, 1.5, .double(.nan), huge], ["1.5", nil, [1.5]]),
        ("str", ["", "1"], [1, true, nil, ["a"]]),
        ("bool", [true, false], [1, "True", nil]),
        ("list", [[], [1, "a"]], ["a", 1, ["a": 1], nil]),
        ("dict", [["a": 1], [:]], [[1], "a"]),
        ("None", [nil], [1]),
        ("list[int]", [[], [1, 2]], [[1, "a"], 1]),
        ("List[List[int]]", [[[1], []]], [[1]]),
        ("dict[str, float]", [["a": 1.5, "b": 1]], [["a": "b"]]),
        ("typing.Dict[str, List[int]]", [["a": [1]]], [["a": 1]]),
        ("Optional[int]", [1, nil], ["a"]),
        ("int | None", [1, nil], ["a"]),
        ("None|int", [1, nil], [1.5]),
        ("Union[int, str]", [1, "a"], [1.5, nil]),
        ("Sequence[str]", [["a"]], ["a"]),
        ("Annotated[int, 'days']", [1], ["a"]),
        ("Final[int]", [1], ["a"]),
        // Types of other languages
        ("Int", [1], [1.5, true, "1"]),
        ("Vector{Int}", [[1]], [["a"], 1]),
        ("Float64", [1, 1.5], ["a"]),
        ("Union{Int, Nothing}", [1, nil], ["a"]),
        ("Map[String, Int]", [["a": 1]], [["a": "b"]]),
        ("String?", ["a", nil], [1]),
        ("int?", [1, nil], ["a"]),
        ("string[]", [["a"]], ["a", [1]]),
        ("List<int>", [[1]], [["a"]]),
        ("Record<string, number[]>", [["a": [1]]], [["a": 1]]),
        ("std::map<std::string, int>", [["a": 1]], [[1]]),
        ("unsigned long", [1], ["a"]),
        ("&'static str", ["a"], [1]),
        ("Option<i32>", [1, nil], ["a"]),
    ]

    @Test(arguments: types)
    func `A value has the declared type`(
        type: String, accepted: [ParameterValue], refused: [ParameterValue]
    ) {
        let parameter = DeclaredParameter("a", type: type, defaultValue: "x")
        for value in accepted { #expect(parameter.accepts(value), "\(value)") }
        for value in refused { #expect(!parameter.accepts(value), "\(value)") }
    }

    @Test(arguments: [
        "Path", "datetime.date", "np.int64", "Any", "Literal['a', 'b']", "list[Path]", "Optional[Path]", "Path | None",
        "int | Path", "Callable[[int], str]", "list[int", "list[int]]", "[int]", "", "int list", "tuple[int, str]",
        "(int) -> int", "pd.DataFrame", "x[", "|", String(repeating: "list[", count: 10_000),
        String(repeating: "?", count: 1000),
    ])
    func `A type that is unknown accepts every value that may have it`(type: String) {
        let values: [ParameterValue] = type.hasPrefix("list[P") ? [[1], ["a"]] : [1, "a", nil, 1.5]
        let parameter = DeclaredParameter("a", type: type, defaultValue: "x")
        for value in values { #expect(parameter.accepts(value), "\(value)") }
    }

    @Test func `A parameter without a type accepts every value, and one that is None by default accepts None`() {
        #expect(DeclaredParameter("a", defaultValue: "1").accepts("x"))
        #expect(DeclaredParameter("a", type: "int", defaultValue: "None").accepts(nil))
        #expect(!DeclaredParameter("a", type: "int", defaultValue: "None").accepts("x"))
    }

    private let declared = [
        DeclaredParameter("days", type: "int", defaultValue: "7"), DeclaredParameter("region", defaultValue: "'eu'"),
    ]

    @Test func `The check returns the names that the notebook does not declare`() throws {
        var parameters = Parameters(["other": 1, "days": 2, "region": 3])
        parameters.secrets = ["password": "PASSWORD"]
        #expect(try parameters.check(against: declared) == ["other", "password"])
        #expect(try parameters.check(against: []) == ["other", "days", "region", "password"])
    }

    @Test func `A value of another type is an error unless the check is off`() throws {
        var parameters = Parameters(["region": 1, "days": "seven"])
        let error = #expect(throws: ParameterError.self) { try parameters.check(against: declared) }
        #expect(error == .wrongType(name: "days", value: "\"seven\"", expected: "int"))
        #expect(
            error?.description
                == "The parameter 'days' cannot be \"seven\": the notebook declares it as int. Change the "
                + "value, or turn the check of types off")
        parameters.checksTypes = false
        #expect(try parameters.check(against: declared) == [])
    }

    @Test func `A long value is shortened in the error`() {
        let parameters = Parameters(["days": .string(String(repeating: "x", count: 1000))])
        let error = #expect(throws: ParameterError.self) { try parameters.check(against: declared) }
        #expect((error?.description.count ?? 0) < 200)
    }
}
