import GalleyJSON
import GalleyNotebook
import Testing

@Suite struct `A notebook of any version and style` {
    @Test func `is there in forty kinds and more`() {
        #expect(Fixture.all.count >= 60)
        #expect(Fixture.all.filter { $0.expected != nil }.count >= 60)
    }

    @Test(arguments: Fixture.all)
    func `leaves byte for byte as it came`(fixture: Fixture) throws {
        let document = try Document(parsing: fixture.bytes)
        #expect(document.text.string == String(decoding: fixture.bytes, as: UTF8.self))
        let notebook = try Notebook(parsing: fixture.bytes)
        // Only versions that are no more are rewritten by being read.
        if !fixture.name.hasPrefix("v") {
            #expect(notebook.warnings.isEmpty)
            #expect(notebook.text.string == String(decoding: fixture.bytes, as: UTF8.self))
        }
    }

    @Test(arguments: Fixture.all.filter { $0.expected != nil })
    func `is written after an edit as Python writes it`(fixture: Fixture) throws {
        var notebook = try Notebook(parsing: fixture.bytes)
        notebook.edit()
        #expect(notebook.text.string == String(decoding: fixture.expected!, as: UTF8.self))
    }

    @Test(arguments: Fixture.all)
    func `reads the same again after an edit`(fixture: Fixture) throws {
        var notebook = try Notebook(parsing: fixture.bytes)
        notebook.edit()
        let again = try Notebook(parsing: notebook.text.bytes)
        #expect(again.text.string == notebook.text.string)
        #expect(again.cells.map(\.source) == notebook.cells.map(\.source))
        #expect(again.cells.map { $0.outputs.map(\.text) } == notebook.cells.map { $0.outputs.map(\.text) })
    }
}
