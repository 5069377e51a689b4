import GalleyJSON
import GalleyNotebook
import Testing

@Suite struct `A notebook of any version and style` {
    @Test func `The notebook fixtures cover at least forty kinds`() {
        #expect(NotebookFixture.all.count >= 60)
        #expect(NotebookFixture.all.filter { $0.expected != nil }.count >= 60)
    }

    @Test(arguments: NotebookFixture.all)
    func `An unchanged notebook is written byte for byte as it was read`(fixture: NotebookFixture) throws {
        let document = try Document(parsing: fixture.bytes)
        #expect(document.text.string == String(decoding: fixture.bytes, as: UTF8.self))
        let notebook = try Notebook(parsing: fixture.bytes)
        // Only notebooks of obsolete versions change when they are read.
        if !fixture.name.hasPrefix("v") {
            #expect(notebook.warnings.isEmpty)
            #expect(notebook.text.string == String(decoding: fixture.bytes, as: UTF8.self))
        }
    }

    @Test(arguments: NotebookFixture.all.filter { $0.expected != nil })
    func `An edited notebook is written as Python writes it`(fixture: NotebookFixture) throws {
        var notebook = try Notebook(parsing: fixture.bytes)
        notebook.edit()
        #expect(notebook.text.string == String(decoding: fixture.expected!, as: UTF8.self))
    }

    @Test(arguments: NotebookFixture.all)
    func `An edited notebook is the same when it is read again`(fixture: NotebookFixture) throws {
        var notebook = try Notebook(parsing: fixture.bytes)
        notebook.edit()
        let again = try Notebook(parsing: notebook.text.bytes)
        #expect(again.text.string == notebook.text.string)
        #expect(again.cells.map(\.source) == notebook.cells.map(\.source))
        #expect(again.cells.map { $0.outputs.map(\.text) } == notebook.cells.map { $0.outputs.map(\.text) })
    }
}
