import GalleyFlags
import Testing

@testable import GalleyCLI

@Suite struct `A configuration file of nbconvert` {
    @Test func `Settings in JSON are words of a command line`() throws {
        let text = #"""
            {"version": 1, "A": {"yes": true, "no": false, "text": "a b", "number": 1.5, "list": ["x", "it's \\"]}}
            """#
        let words = try NbconvertConfiguration(parsing: text, isJSON: true).words
        #expect(
            words == ["--A.yes=True", "--A.no=False", "--A.text=a b", "--A.number=1.5", #"--A.list=['x', 'it\'s \\']"#])
        #expect(PythonList(#"['x', 'it\'s \\']"#).texts == ["x", #"it's \"#])
    }

    @Test func `Settings in Python are words of a command line`() throws {
        let text = """
            # c.A.ignored = 1
            c = get_config()  # noqa

            c.A.yes = True
              c.A.text='a # b'   # comment
            c.A.number = -4
            c.A.list = ['x', "y"]\r\n
            """
        let words = try NbconvertConfiguration(parsing: text, isJSON: false).words
        #expect(words == ["--A.yes=True", "--A.text=a # b", "--A.number=-4", "--A.list=['x', \"y\"]"])
    }

    @Test(arguments: ["import os", "c.A.b = os.environ['X']", "c.A.b = [", "if True:", "c.A = 1", "c.A.b.update({})"])
    func `Any other line of Python is refused with its number`(line: String) {
        #expect {
            _ = try NbconvertConfiguration(parsing: "\n\(line)\n", isJSON: false)
        } throws: { ($0 as? UsageError)?.problem.contains("line 2") == true }
    }

    @Test func `A file that is not JSON is refused with the place`() {
        #expect(throws: UsageError.self) { try NbconvertConfiguration(parsing: "{", isJSON: true) }
    }
}
