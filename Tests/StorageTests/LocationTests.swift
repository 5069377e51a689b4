import Foundation
import GalleyStorage
import GalleyTestSupport
import Testing

@Suite struct `A notebook location` {
    @Test(
        arguments: [
            ("report.ipynb", nil), ("/a/b", nil), ("-", nil), ("", nil), ("./s3://bucket", nil), ("a b://c", nil),
            ("://c", nil), ("1a://c", nil), ("s3://bucket/key", "s3"), ("HTTPS://host/x.ipynb", "https"),
            ("a+b.c-1://x", "a+b.c-1"), ("jupyter:a/b.ipynb", "jupyter"), ("jupyter:", "jupyter"),
            ("./jupyter:a", nil), ("/jupyter:a", nil), ("a/jupyter:b", nil), ("jupyter", nil), ("other:a", nil),
            ("Jupyter:a", nil),
        ] as [(String, String?)])
    func `A notebook location has the scheme of its text`(text: String, scheme: String?) {
        #expect(NotebookLocation(text).scheme == scheme)
    }

    @Test func `A notebook location is compared by its bytes`() throws {
        let (one, other): (NotebookLocation, NotebookLocation) = ("\u{E9}", "e\u{301}")
        #expect(one != other && Set([one, other]).count == 2)
        let again = try JSONDecoder().decode([NotebookLocation].self, from: JSONEncoder().encode([one, other]))
        #expect(again == [one, other])
    }

    @Test func `A notebook location has siblings in its folder`() {
        #expect(NotebookLocation("s3://in/a/b.ipynb").sibling(named: "c").text == "s3://in/a/c")
        #expect(NotebookLocation("b.ipynb").sibling(named: "c").text == "c")
        #expect(NotebookLocation("s3://out").appending("a/b").text == "s3://out/a/b")
        #expect(NotebookLocation("out/").appending("b").text == "out/b")
    }

    @Test func `A notebook location on a server has a name and siblings on the server`() {
        let (root, inner): (NotebookLocation, NotebookLocation) = ("jupyter:b.ipynb", "jupyter:a/b.ipynb")
        #expect(root.name == "b.ipynb" && inner.name == "b.ipynb")
        #expect(root.sibling(named: "c").text == "jupyter:c" && inner.sibling(named: "c").text == "jupyter:a/c")
        #expect(NotebookLocation("jupyter:").appending("a/b").text == "jupyter:a/b")
        #expect(NotebookLocation("jupyter:a").appending("b").text == "jupyter:a/b")
        #expect(root.serverPath == "b.ipynb" && NotebookLocation("./jupyter:b").serverPath == nil)
        #expect(NotebookLocation("./jupyter:b").name == "jupyter:b")
        #expect("\(UnknownStorage(location: root))".contains("Add --server URL"))
    }
}

@Suite struct `The local storage` {
    private let temporary: TemporaryFolder
    private let storage = LocalStorage()
    private var folder: String { temporary.path }

    init() throws { temporary = try TemporaryFolder() }

    @Test func `The local storage opens paths and the standard streams, and nothing else`() throws {
        let providers: [any StorageProvider] = [storage]
        #expect(try providers.provider(of: "a.ipynb").store(at: "a.ipynb").name == "a.ipynb")
        #expect(try providers.provider(of: "-").store(at: "-").canBeWrittenAgain == false)
        #expect(throws: UnknownStorage(location: "s3://a/b")) { try providers.provider(of: "s3://a/b") }
        #expect(
            "\(UnknownStorage(location: "s3://a/b"))"
                == "s3://a/b: no storage provider opens s3://. For a local file, write ./s3://a/b")
    }

    @Test func `The local storage lists a folder, and creates folders`() throws {
        let inner = NotebookLocation(folder + "/b/c/a.ipynb")
        try storage.makeFolder(of: inner)
        for name in ["/b/c/a.ipynb", "/z.ipynb", "/.hidden.ipynb", "/text"] {
            try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + name))
        }
        #expect(
            try storage.notebooks(in: NotebookLocation(folder)).map(\.text) == [
                folder + "/b/c/a.ipynb", folder + "/z.ipynb",
            ])
        #expect(throws: StorageError.self) { try storage.notebooks(in: NotebookLocation(folder + "/none")) }
        #expect(throws: StorageError.self) { try storage.notebooks(in: NotebookLocation(folder + "/text")) }
    }

    @Test func `The local storage recognizes one place by several paths, before and after the file exists`() throws {
        let (one, other) = (NotebookLocation(folder + "/a"), NotebookLocation(folder + "/x/../a"))
        try FileManager.default.createDirectory(atPath: folder + "/x", withIntermediateDirectories: false)
        let before = storage.identity(of: one)
        #expect(before == storage.identity(of: other))
        try Data("a".utf8).write(to: URL(fileURLWithPath: one.text))
        try FileManager.default.linkItem(atPath: one.text, toPath: folder + "/b")
        #expect(before == storage.identity(of: one) && storage.isSame(one, other))
        #expect(storage.isSame(one, NotebookLocation(folder + "/b")))
        #expect(!storage.isSame(one, NotebookLocation(folder + "/c")) && !storage.isSame("-", "-"))
    }
}

@Suite struct `A location that no provider opens` {
    @Test(arguments: [
        ("az://box/a.ipynb", "signed address"), ("abfss://box@x/a.ipynb", "signed address"),
        ("s3a://in/b/a.ipynb", "Write s3://in/b/a.ipynb"), ("file:///tmp/a.ipynb", "Write the path alone"),
        ("hdfs://a/b", "Copy the notebook"), ("foo://a/b", "write ./foo://a/b"),
    ])
    func `is an error that says what to write instead`(location: String, words: String) {
        #expect("\(UnknownStorage(location: NotebookLocation(location)))".contains(words))
    }
}
