import Foundation
import LocalKernels
import Testing

@Suite struct `The finder` {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

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

    @Test func `asks Jupyter's folders in Jupyter's order`() {
        let home = scratch.path + "/home"
        #expect(
            finder(["JUPYTER_PATH": "/one:/two"]).folders == [
                "/one/kernels", "/two/kernels", home + "/.local/share/jupyter/kernels",
                "/usr/local/share/jupyter/kernels",
                "/usr/share/jupyter/kernels", home + "/.ipython/kernels",
            ])
        #expect(finder(["XDG_DATA_HOME": "/data"]).folders.first == "/data/jupyter/kernels")
        #expect(finder(["JUPYTER_DATA_DIR": "/data"]).folders.first == "/data/kernels")
        // An active environment comes first, unless somebody says otherwise.
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

    @Test func `takes the first of a name, and knows the environment of a Python on the search path`() throws {
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

    @Test(arguments: [
        "conda_science", "conda-env-science-py", "conda-env-science-r", "conda-env-science-julia-1.9", "conda-base-py",
        "conda-root-py",
    ])
    func `knows Conda's environments by the names in people's notebooks`(name: String) throws {
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
        // As root, with no home of its own, on a notebook of somebody's.
        let root = KernelFinder(
            environment: ["PATH": "/sbin:/bin:/usr/sbin:/usr/bin"], ownerHome: scratch.path + "/home")
        #expect(try root.find(name).name == name)
    }

    @Test func `does not offer an environment that has no kernel`() throws {
        try program("home/miniconda3/envs/empty/bin/python")
        #expect(throws: KernelError.self) { try finder().find("conda_empty") }
        #expect(!finder().all().contains { $0.name.contains("empty") })
        let path = scratch.path + "/home/miniconda3/envs/empty"
        let error = #expect(throws: KernelError.self) { try finder().find(path) }
        #expect(error?.description == "\(path) has no kernel. Install one: \(path)/bin/python -m pip install ipykernel")
        let none = #expect(throws: KernelError.self) { try finder().find(scratch.path + "/nothing") }
        #expect(
            none?.description
                == "\(scratch.path)/nothing is neither a Python environment nor a Python: it has no bin/python")
    }

    @Test func `finds nothing, and says what is near, what there is, where it looked and what to type`() throws {
        try kernel("data/kernels/python3")
        try kernel("data/kernels/julia")
        let finder = KernelFinder(environment: ["JUPYTER_PATH": scratch.path + "/data", "PATH": "/nowhere"])
        let error = #expect(throws: KernelError.self) { try finder.find("pyton3") }
        let installed = finder.all().map(\.name).sorted().joined(separator: ", ")
        #expect(
            error?.description
                == "Kernel 'pyton3' not found. Did you mean 'python3'? Installed: \(installed). Looked in: \(scratch.path)/data/kernels, /usr/local/share/jupyter/kernels, /usr/share/jupyter/kernels and in Conda's environments. List what there is: galley kernels"
        )
    }

    @Test(arguments: [
        ("{", "it is not JSON: line 1, column 2: the text ends where a key in double quotes or '}' was expected"),
        ("{}", "it names no program under 'argv'"), (#"{"argv": []}"#, "it names no program under 'argv'"),
    ])
    func `says what is wrong with a file that describes no kernel`(json: String, reason: String) throws {
        let folder = try kernel("data/kernels/bad", json)
        let error = #expect(throws: KernelError.self) {
            try finder(["JUPYTER_PATH": scratch.path + "/data"]).find("bad")
        }
        #expect(error?.description == "\(folder)/kernel.json describes no kernel: \(reason). Mend it or remove it")
    }

    @Test func `offers the only kernel of a language`() throws {
        try kernel("data/kernels/one", #"{"argv": ["x"], "language": "Fortran"}"#)
        let finder = finder(["JUPYTER_PATH": scratch.path + "/data"])
        #expect(finder.onlyKernel(of: "fortran")?.name == "one")
        try kernel("data/kernels/two", #"{"argv": ["x"], "language": "fortran"}"#)
        #expect(finder.onlyKernel(of: "fortran") == nil)
        #expect(finder.onlyKernel(of: "cobol") == nil)
    }
}

@Suite struct `A kernel is started` {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private struct Surroundings: Decodable {
        var cwd: String
        var env: [String: String]
        var argv: [String]
    }

    @Test func `as its description and its caller say`() async throws {
        var spec = Fixture.spec("good")
        spec.arguments += ["{resource_dir}/x", "{unknown}"]
        spec.environment = ["ONE": "${BASE}/one", "TWO": "$BASE-$$-${MISSING}"]
        var options = scratch.options
        options.environment["BASE"] = "base"
        options.workingFolder = scratch.path
        options.extraArguments = ["--more"]
        let text = try await withKernel(spec, options: options) { kernel in
            // The connection file and its folder are nobody else's business.
            let folder = try #require(scratch.remains.first)
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(scratch.path)/\(folder)")
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            let file = try FileManager.default.attributesOfItem(atPath: "\(scratch.path)/\(folder)/kernel.json")
            #expect(file[.posixPermissions] as? Int == 0o600)
            return try await kernel.run("environment").text
        }
        let found = try JSONDecoder().decode(Surroundings.self, from: Data(text.utf8))
        #expect(found.cwd == scratch.path)
        #expect(found.env["ONE"] == "base/one")
        #expect(found.env["TWO"] == "base-$-${MISSING}")
        #expect(found.argv.suffix(3) == [Fixture.root + "/Tests/Fixtures/kernels/x", "{unknown}", "--more"])
        // No secret where others can see it.
        #expect(!found.argv.contains { $0.count == 64 })
    }

    @Test func `in the surroundings that conda activate would give it`() async throws {
        let environment = scratch.path + "/home/anaconda3/envs/science"
        for folder in ["bin", "lib/python3.11/site-packages/ipykernel", "conda-meta", "etc/conda/activate.d"] {
            try FileManager.default.createDirectory(
                atPath: "\(environment)/\(folder)", withIntermediateDirectories: true)
        }
        try "#!/bin/sh\nexec \(Fixture.python) \"$@\"\n".write(
            toFile: environment + "/bin/python", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: environment + "/bin/python")
        try #"{"version": 1, "env_vars": {"FROM_STATE": "state"}}"#
            .write(toFile: environment + "/conda-meta/state", atomically: true, encoding: .utf8)
        try "export FROM_SCRIPT=\"$CONDA_PREFIX\"\n"
            .write(toFile: environment + "/etc/conda/activate.d/a.sh", atomically: true, encoding: .utf8)
        var options = scratch.options
        options.environment = [
            "HOME": scratch.path + "/home", "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": scratch.path,
        ]
        let spec = try KernelFinder(environment: options.environment).find("conda_science")
        let names = ["CONDA_PREFIX", "CONDA_DEFAULT_ENV", "FROM_STATE", "FROM_SCRIPT", "PATH"]
        let text = try await withKernel(spec, options: options) { kernel in
            try await kernel.run(
                "import os\nfor name in '\(names.joined(separator: " "))'.split(): print(os.environ.get(name))"
            ).text
        }
        #expect(
            text.split(separator: "\n").map(String.init)
                == [environment, "science", "state", environment, environment + "/bin:/usr/bin:/bin"])
    }

    @Test func `within its limits`() async throws {
        var options = scratch.options
        options.limits.memory = 4 << 30
        options.limits.processorTime = .seconds(1000)
        options.limits.openFiles = 300
        let text = try await withKernel(Fixture.spec("good"), options: options) { try await $0.run("limits").text }
        #expect(text == "[4294967296, 1000, 300]")
    }

    @Test func `and asks a question that somebody answers, or nobody`() async throws {
        let unanswered = try await withKernel(Fixture.spec("good"), options: scratch.options) {
            try await $0.run("ask").text
        }
        #expect(unanswered.contains("StdinNotAvailable"))
        var options = scratch.options
        options.answer = { prompt, isPassword in isPassword ? nil : "answer to \(prompt)" }
        let answered = try await withKernel(Fixture.spec("good"), options: options) { try await $0.run("ask").text }
        #expect(answered.contains("\"answer to name? \""))
    }

    @Test func `over ports where it cannot do otherwise, again where somebody took one`() async throws {
        var options = scratch.options
        options.transport = .tcp
        options.environment["TAKEN"] = scratch.path + "/tried"
        let text = try await withKernel(Fixture.spec("taken"), options: options) { try await $0.run("hello").text }
        #expect(text == "hello")
        #expect(try String(contentsOfFile: scratch.path + "/tried", encoding: .utf8) == "tried\ntried\n")
    }

    @Test func `not at all where its program or its folder is missing`() async throws {
        var spec = Fixture.spec("good")
        spec.arguments[0] = "/no/such/program"
        let first = await #expect(throws: KernelError.self) {
            try await withKernel(spec, options: scratch.options) { _ in }
        }
        #expect(
            first?.description
                == "Kernel 'good' is registered, but its program '/no/such/program' does not exist. Install it again")
        var options = scratch.options
        options.workingFolder = "/no/such/folder"
        let second = await #expect(throws: KernelError.self) {
            try await withKernel(Fixture.spec("good"), options: options) { _ in }
        }
        #expect(second?.description == "The working folder /no/such/folder does not exist")
        #expect(scratch.remains == [])
    }

    @Test func `and clears what an engine left that was killed, and nothing of one that lives`() async throws {
        let dead = scratch.path + "/galley-1-99-dead"
        let alive = scratch.path + "/galley-\(getpid())-\(try birth())-alive"
        for folder in [dead, alive] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            #expect(FileManager.default.createFile(atPath: folder + "/kernel.json", contents: Data()))
        }
        _ = try await withKernel(Fixture.spec("good"), options: scratch.options) { try await $0.run("x").text }
        #expect(scratch.remains == [String(alive.dropFirst(scratch.path.count + 1))])
    }

    private func birth() throws -> String {
        let text = try String(contentsOfFile: "/proc/self/stat", encoding: .utf8)
        return String(text.split(separator: ")").last!.split(separator: " ")[19])
    }
}

@Suite struct `Many kernels` {
    @Test func `are started and ended two hundred times, four at a time, and leave nothing`() async throws {
        let scratch = try Scratch()
        let options = scratch.options
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        let began = ContinuousClock.now
        let failures = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var failures = 0
                    for _ in 0..<50 {
                        let text = try? await withKernel(Fixture.spec("good"), options: options) {
                            try await $0.run("hello").text
                        }
                        if text != "hello" { failures += 1 }
                    }
                    return failures
                }
            }
            return await group.reduce(0, +)
        }
        print("200 kernels in \(began.duration(to: .now)), \(failures) failures, \(scratch.remains.count) folders left")
        #expect(failures == 0)
        #expect(scratch.remains == [])
        // Other tests run beside this one; two hundred of anything would show.
        #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count < descriptors + 150)
    }

    @Test func `die within a second with an engine that is killed at any moment`() async throws {
        var numbers: [Int] = []
        for round in 0..<50 {
            let file = "/tmp/galley-killed-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: file) }
            // From the first moment of the start to the first cell and beyond.
            let moment = Int.random(in: 0...250)
            await #expect(processExitsWith: .signal(SIGKILL), "round \(round), after \(moment) ms") {
                [file = file as String, moment = moment as Int] in
                // The kernels of this process are known by a variable, wherever they are in their start.
                Thread.detachNewThread {
                    usleep(UInt32(moment * 1000))
                    kill(getpid(), SIGKILL)
                }
                var options = KernelOptions()
                options.environment["GALLEY_TEST_MARK"] = file
                try await withKernel(Fixture.spec("good"), options: options) { kernel in
                    _ = try await kernel.run("child")
                    _ = try await kernel.run("wait")
                }
            }
            numbers += marked(file)
        }
        #expect(try await eventually { numbers.allSatisfy { !isAlive($0) } })
        print("50 engines killed; \(numbers.count) of their processes were still seen at that moment, and none later")
    }

    /// The processes that have a mark in their environment.
    private func marked(_ mark: String) -> [Int] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }.filter {
            process in
            guard let data = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
            return data.range(of: Data("GALLEY_TEST_MARK=\(mark)".utf8)) != nil
        }
    }
}
