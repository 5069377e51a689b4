import Foundation
import GalleyLocalKernels
import GalleyTestSupport
import Testing

@Suite struct `The kernel finder` {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    /// Makes a kernel.json, and returns its folder.
    @discardableResult
    private func kernel(_ folder: String, _ json: String? = nil, displayName: String = "") throws -> String {
        let path = "\(scratch.path)/\(folder)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let text =
            json
            ?? #"{"argv": ["python", "-m", "x", "{connection_file}"], "display_name": "\#(displayName)", "language": "python"}"#
        try text.write(toFile: path + "/kernel.json", atomically: true, encoding: .utf8)
        return path
    }

    private func program(_ path: String) throws {
        let path = "\(scratch.path)/\(path)"
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        #expect(
            FileManager.default.createFile(
                atPath: path, contents: Data("#!/bin/sh\n".utf8), attributes: [.posixPermissions: 0o755]))
    }

    private func finder(_ more: [String: String] = [:], ownerHome: String? = nil) -> KernelFinder {
        KernelFinder(
            environment: ["HOME": scratch.path + "/home", "PATH": "/nowhere"].merging(more) { $1 }, ownerHome: ownerHome
        )
    }

    @Test func `The finder searches Jupyter's folders in Jupyter's order`() {
        let home = scratch.path + "/home"
        #expect(
            finder(["JUPYTER_PATH": "/one:/two"]).folders == [
                "/one/kernels", "/two/kernels", home + "/.local/share/jupyter/kernels",
                "/usr/local/share/jupyter/kernels",
                "/usr/share/jupyter/kernels", home + "/.ipython/kernels",
            ])
        #expect(finder(["XDG_DATA_HOME": "/data"]).folders.first == "/data/jupyter/kernels")
        #expect(finder(["JUPYTER_DATA_DIR": "/data"]).folders.first == "/data/kernels")
        #expect(finder(["JUPYTER_DATA_DIR": "", "VIRTUAL_ENV": "", "JUPYTER_PATH": ""]).folders == finder().folders)
        // The system's own Python on the search path changes nothing.
        #expect(finder(["PATH": "/usr/bin:/bin"]).folders == finder().folders)
        #expect(
            finder(["PATH": "/usr/bin:/bin", "VIRTUAL_ENV": "/venv"]).folders
                == finder(["VIRTUAL_ENV": "/venv"]).folders)
        // An active environment comes first by default.
        #expect(finder(["VIRTUAL_ENV": "/venv"]).folders.first == "/venv/share/jupyter/kernels")
        #expect(
            finder(["VIRTUAL_ENV": "/venv", "JUPYTER_PREFER_ENV_PATH": "no"]).folders[1]
                == "/venv/share/jupyter/kernels")
        #expect(
            finder(["CONDA_PREFIX": "/conda", "CONDA_DEFAULT_ENV": "x"]).folders.first == "/conda/share/jupyter/kernels"
        )
        #expect(
            finder(["CONDA_PREFIX": "/conda", "CONDA_DEFAULT_ENV": "base"]).folders[1] == "/conda/share/jupyter/kernels"
        )
        #expect(
            finder(["CONDA_PREFIX": "/conda", "JUPYTER_PREFER_ENV_PATH": "1"]).folders.first
                == "/conda/share/jupyter/kernels")
    }

    @Test func `The finder takes the first kernel of a name, and knows the environment of a Python on the search path`()
        throws
    {
        try kernel("venv/share/jupyter/kernels/python3", displayName: "of the environment")
        try kernel("home/.local/share/jupyter/kernels/Python3", displayName: "of the user")
        try program("venv/bin/python3")
        let finder = finder(["PATH": scratch.path + "/venv/bin"])
        #expect(try finder.find("python3").displayName == "of the user")
        #expect(try finder.find("python").displayName == "of the user")
        #expect(
            try self.finder(["VIRTUAL_ENV": scratch.path + "/venv"]).find("PYTHON3").displayName == "of the environment"
        )
        #expect(finder.all().filter { $0.name == "python3" }.count == 1)
    }

    @Test(arguments: ["packages", "/elsewhere"])
    func `The finder finds the ipykernel of an active environment through a .pth file`(line: String) throws {
        let packages = scratch.path + "/venv/lib/python3.11/site-packages"
        let target = line == "packages" ? packages + "/packages" : scratch.path + line
        try program("venv/bin/python3")
        for folder in [packages, target + "/ipykernel"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let finder = finder(["VIRTUAL_ENV": scratch.path + "/venv"])
        #expect(!finder.all().contains { $0.name == "python3" })
        #expect(throws: KernelError.self) { try finder.find("python3") }
        try "# a comment\nimport sys\n\(line == "packages" ? line : target)\n".write(
            toFile: packages + "/more.pth", atomically: false, encoding: .utf8)
        #expect(finder.all().contains { $0.name == "python3" })
        #expect(try finder.find("python3").folder == scratch.path + "/venv")
        #expect(try finder.find(scratch.path + "/venv").folder == scratch.path + "/venv")
    }

    @Test(arguments: [
        "conda_science", "conda-env-science-py", "conda-env-science-r", "conda-env-science-julia-1.9", "conda-base-py",
        "conda-root-py",
    ])
    func `The finder knows Conda environments by the names of their notebooks`(name: String) throws {
        for root in ["anaconda3", "anaconda3/envs/science"] {
            try program("home/\(root)/bin/python")
            try FileManager.default.createDirectory(
                atPath: "\(scratch.path)/home/\(root)/lib/python3.11/site-packages/ipykernel",
                withIntermediateDirectories: true)
        }
        try program("home/anaconda3/envs/science/bin/R")
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/home/anaconda3/envs/science/lib/R/library/IRkernel",
            withIntermediateDirectories: true)
        try kernel(
            "home/anaconda3/envs/science/share/jupyter/kernels/julia-1.9", #"{"argv": ["julia"], "language": "julia"}"#)
        #expect(try finder().find(name).name == name)
        // Root, without a home, runs a notebook of a user.
        let root = KernelFinder(
            environment: ["PATH": "/sbin:/bin:/usr/sbin:/usr/bin"], ownerHome: scratch.path + "/home")
        #expect(try root.find(name).name == name)
    }

    @Test(arguments: ["conda_My Env", "conda-env-My_Env-py", "CONDA-ENV-my_env-PY"])
    func `The finder knows an environment with a space in its name, in any case`(name: String) throws {
        try program("home/miniforge3/envs/My Env/bin/python")
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/home/miniforge3/envs/My Env/lib/python3.11/site-packages/ipykernel",
            withIntermediateDirectories: true)
        #expect(try finder().find(name).folder.hasSuffix("/envs/My Env"))
    }

    @Test func `The finder does not offer an environment without a kernel`() throws {
        try program("home/miniconda3/envs/empty/bin/python")
        #expect(throws: KernelError.self) { try finder().find("conda_empty") }
        #expect(!finder().all().contains { $0.name.contains("empty") })
        let path = scratch.path + "/home/miniconda3/envs/empty"
        let error = #expect(throws: KernelError.self) { try finder().find(path) }
        let package = "the Python package ipykernel for \(path)/bin/python"
        #expect(error?.description == "\(path) has no kernel. Install \(package)")
        let none = #expect(throws: KernelError.self) { try finder().find(scratch.path + "/nothing") }
        #expect(
            none?.description
                == "\(scratch.path)/nothing is neither a Python environment nor a Python: it has no bin/python")
    }

    @Test func `The error for a missing kernel names a similar kernel, the installed kernels and the searched folders`()
        throws
    {
        try kernel("data/kernels/python3")
        try kernel("data/kernels/julia")
        let finder = KernelFinder(environment: ["JUPYTER_PATH": scratch.path + "/data", "PATH": "/nowhere"])
        let error = #expect(throws: KernelError.self) { try finder.find("pyton3") }
        let installed = finder.all().map(\.name).sorted().joined(separator: ", ")
        #expect(
            error?.description
                == "Kernel 'pyton3' not found. Did you mean 'python3'? Installed: \(installed). Looked in: \(scratch.path)/data/kernels, /usr/local/share/jupyter/kernels, /usr/share/jupyter/kernels and in Conda's environments. Choose an installed kernel, or install this one"
        )
    }

    @Test(arguments: [
        ("{", "it is not JSON: line 1, column 2: the text ends where a key in double quotes or '}' was expected"),
        ("{}", "'argv' names no program"), (#"{"argv": []}"#, "'argv' names no program"),
    ])
    func `The finder reports an invalid kernel.json`(json: String, reason: String) throws {
        let folder = try kernel("data/kernels/bad", json)
        let error = #expect(throws: KernelError.self) {
            try finder(["JUPYTER_PATH": scratch.path + "/data"]).find("bad")
        }
        #expect(
            error?.description
                == "\(folder)/kernel.json is not a valid kernel spec: \(reason). Fix it or remove it")
    }

    @Test func `The finder offers the only kernel of a language`() throws {
        try kernel("data/kernels/one", #"{"argv": ["x"], "language": "Fortran"}"#)
        let finder = finder(["JUPYTER_PATH": scratch.path + "/data"])
        #expect(finder.onlyKernel(of: "fortran")?.name == "one")
        try kernel("data/kernels/two", #"{"argv": ["x"], "language": "fortran"}"#)
        #expect(finder.onlyKernel(of: "fortran") == nil)
        #expect(finder.onlyKernel(of: "cobol") == nil)
    }

    @Test func `The error for a missing kernel shortens the name, and has no control characters`() {
        let name = "\u{1B}[31m\u{202E}\n::error::" + String(repeating: "x", count: 100_000)
        let text = KernelError.notFound(name: name, available: [name], searched: []).description
        #expect(text.count < 1000)
        #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        #expect(text.unicodeScalars.allSatisfy { !$0.properties.isBidiControl })
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["pipe", "endless", "large"])
    func `The finder neither blocks on a pipe nor reads an endless file`(kind: String) throws {
        let files = FileManager.default
        func spoil(_ path: String) throws {
            let path = "\(scratch.path)/\(path)"
            try files.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            switch kind {
            case "pipe": #expect(mkfifo(path, 0o600) == 0)
            case "endless": try files.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
            default:
                #expect(files.createFile(atPath: path, contents: nil))
                #expect(truncate(path, 1 << 40) == 0)
            }
        }
        try program("home/miniconda3/envs/x/bin/python")
        for file in [
            "data/kernels/bad/kernel.json", "home/.conda/environments.txt", "home/miniconda3/envs/x/pyvenv.cfg",
            "home/miniconda3/envs/x/conda-meta/state",
        ] { try spoil(file) }
        // A link to a file is followed.
        let good = try kernel("elsewhere")
        try files.createDirectory(atPath: scratch.path + "/data/kernels/good", withIntermediateDirectories: true)
        try files.createSymbolicLink(
            atPath: scratch.path + "/data/kernels/good/kernel.json", withDestinationPath: good + "/kernel.json")
        let finder = finder(["JUPYTER_PATH": scratch.path + "/data"])
        let names = finder.all().map(\.name)
        #expect(names.contains("good") && !names.contains("bad"))
        #expect(throws: KernelError.self) { try finder.find("conda_x") }
        try program("home/miniconda3/envs/y/bin/python")
        try files.createDirectory(
            atPath: scratch.path + "/home/miniconda3/envs/y/lib/python3.11/site-packages/ipykernel",
            withIntermediateDirectories: true)
        try spoil("home/miniconda3/envs/y/conda-meta/state")
        #expect(try finder.find("conda_y").program(environment: ["PATH": "/nowhere"]) != nil)
    }
}
