import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import Testing

@Suite struct `The kernel that a notebook names` {
    @Test(
        arguments: [
            (["kernelspec": ["name": "ir", "language": "R"]], "ir", "R", false),
            (["kernelspec": ["name": "x"], "language_info": ["name": "python"]], "x", "python", false),
            (["language_info": ["name": "julia"]], nil, "julia", false),
            (["kernelspec": ["display_name": "Python 3"]], nil, nil, true),
            (["kernelspec": ["name": ""]], nil, nil, true),
            (["kernelspec": 5], nil, nil, false), ([:], nil, nil, false),
        ] as [(Value, String?, String?, Bool)])
    func `The kernel of a notebook is read from its metadata`(
        metadata: Value, name: String?, language: String?, isNameless: Bool
    ) throws {
        var notebook = Notebook()
        notebook.metadata = metadata
        for kernel in [notebook.wantedKernel, try UnvalidatedNotebook(parsing: notebook.bytes).wantedKernel] {
            #expect(kernel?.name == name && kernel?.language == language && kernel?.isNameless == isNameless)
        }
    }
}
