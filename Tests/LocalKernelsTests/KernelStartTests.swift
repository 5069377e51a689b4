import GalleyCLinux
import Foundation
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyTestSupport
import Synchronization
import Testing

@Suite struct `The start of a kernel` {
    let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private struct KernelEnvironment: Decodable {
        var cwd: String
        var env: [String: String]
        var argv: [String]
    }

    @Test func `A kernel starts as its kernel spec and its caller say`() async throws {
        var spec = FixtureKernel.spec("good")
        spec.arguments += ["{resource_dir}/x", "{unknown}"]
        spec.environment = ["ONE": "${BASE}/one", "TWO": "$BASE-$$-${MISSING}"]
        var options = scratch.options
        options.environment["BASE"] = "base"
        options.workingDirectory = scratch.path
        options.extraArguments = ["--more"]
        let text = try await withKernel(spec, options: options) { kernel in
            // The connection file and its folder are private.
            let folder = try #require(scratch.names.first)
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(scratch.path)/\(folder)")
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            let file = try FileManager.default.attributesOfItem(atPath: "\(scratch.path)/\(folder)/kernel.json")
            #expect(file[.posixPermissions] as? Int == 0o600)
            return try await kernel.run("environment").text
        }
        let found = try JSONDecoder().decode(KernelEnvironment.self, from: Data(text.utf8))
        #expect(found.cwd == scratch.path)
        #expect(found.env["ONE"] == "base/one")
        #expect(found.env["TWO"] == "base-$-${MISSING}")
        #expect(found.argv.suffix(3) == [Repository.root + "/Tests/Fixtures/kernels/x", "{unknown}", "--more"])
        // The command line shows no secret.
        #expect(!found.argv.contains { $0.count == 64 })
    }

    @Test func `A kernel starts with a UTF-8 locale by default`() async throws {
        var options = scratch.options
        let names = ["LC_ALL", "LC_CTYPE", "LANG", "PYTHONUTF8"]
        for name in names { options.environment[name] = nil }
        func found() async throws -> [String: String] {
            let text = try await withKernel(FixtureKernel.spec("good"), options: options) {
                try await $0.run("environment").text
            }
            let surroundings = try JSONDecoder().decode(KernelEnvironment.self, from: Data(text.utf8))
            return surroundings.env.filter { names.contains($0.key) }
        }
        #expect(try await found() == ["LC_CTYPE": "C.UTF-8", "PYTHONUTF8": "1"])
        // Any other variable makes Python choose the encoding itself.
        options.environment["LC_ALL"] = "C"
        #expect(try await found() == ["LC_ALL": "C"])
    }

    @Test func `A kernel does not start without a requested setting`() async throws {
        var options = scratch.options
        options.environment["SECRET"] = "one\0two"
        let error = await #expect(throws: KernelError.self) {
            try await withKernel(FixtureKernel.spec("good"), options: options) { _ in }
        }
        #expect(error?.description.contains("'SECRET' contains a NUL character, which arguments and") == true)
        #expect(error?.description.contains("two") == false)
        for name in ["", "A=B"] {
            var options = scratch.options
            options.environment[name] = "x"
            let error = await #expect(throws: KernelError.self) {
                try await withKernel(FixtureKernel.spec("good"), options: options) { _ in }
            }
            #expect(error?.description.hasSuffix("'\(name)' is not a valid name for an environment variable") == true)
        }
        options = scratch.options
        options.workingDirectory = "/tmp\0/nowhere"
        let other = await #expect(throws: KernelError.self) {
            try await withKernel(FixtureKernel.spec("good"), options: options) { _ in }
        }
        #expect(other?.description == "The working folder /tmp\\0/nowhere cannot be entered: Invalid argument")
    }

    @Test(.realKernel) func `A kernel starts in the environment of conda activate`() async throws {
        let environment = scratch.path + "/home/anaconda3/envs/science"
        for folder in ["bin", "lib/python3.11/site-packages/ipykernel", "conda-meta", "etc/conda/activate.d"] {
            try FileManager.default.createDirectory(
                atPath: "\(environment)/\(folder)", withIntermediateDirectories: true)
        }
        try FileManager.default.createSymbolicLink(
            atPath: environment + "/bin/python",
            withDestinationPath: Repository.root + "/Tests/Fixtures/kernels/conda-python")
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

    @Test func `A guard process shares no memory of the engine`() async throws {
        let size = 300 << 20
        let ballast = try #require(mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        memset(ballast, 1, size)
        // There are more memory mappings below it than one read lists.
        let pieces = (1...2000).map { mmap(ballast - $0 * 8192, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) }
        defer {
            for piece in pieces { munmap(piece, 4096) }
            munmap(ballast, size)
        }
        let own = try await withKernel(FixtureKernel.spec("good"), options: scratch.options) { kernel in
            let process = try await kernel.run("pid").text
            let stat = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            let guardian = try #require(pid_t(stat.split(separator: ")").last!.split(separator: " ")[1]))
            #expect(try String(contentsOfFile: "/proc/\(guardian)/comm", encoding: .utf8) == "kernel-guard\n")
            return try Self.ownMemory(of: guardian)
        }
        #expect(own < 200_000)
    }

    @Test func `A guard process that writes to its stack shares no memory of the engine`() throws {
        let size = 300 << 20, stackSize = 1 << 20
        let memory = try #require(mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        defer { munmap(memory, size) }
        memset(memory, 1, size)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstack(&attributes, memory + (size - stackSize), stackSize)
        let result = Mutex<Result<Int, any Error>?>(nil)
        final class Box { let body: () -> Void; init(_ body: @escaping () -> Void) { self.body = body } }
        let box = Box { result.withLock { $0 = Result { try Self.memoryOfGuard() } } }
        var thread = pthread_t()
        pthread_create(
            &thread, &attributes,
            { box in
                Unmanaged<Box>.fromOpaque(box!).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(box).toOpaque())
        pthread_join(thread, nil)
        let kept = try result.withLock { try $0?.get() }
        #expect(try #require(kept) < 200_000)
    }

    /// Starts a program on this thread, and returns the memory of its guard.
    private static func memoryOfGuard() throws -> Int {
        var arguments = ["/bin/sleep", "100"].map { (text: String) in strdup(text) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        let folder = strdup("/")!
        let output = open("/dev/null", O_WRONLY | O_CLOEXEC)
        var socket: Int32 = -1
        let guardian = arguments.withUnsafeMutableBufferPointer { arguments in
            environment.withUnsafeMutableBufferPointer { environment in
                var launch = clinux_launch(
                    program: arguments[0]!, arguments: arguments.baseAddress!,
                    environment: environment.baseAddress!, folder: folder, private_folder: folder, other_folder: folder,
                    output: output, memory: 0, processor_seconds: 0, open_files: 0, leaves_children: 0, may_be_kept: 0,
                    output_reader: -1, locks: (-1, -1), kept: 0)
                return clinux_start_guarded(&launch, &socket)
            }
        }
        (arguments + [folder]).forEach { free($0) }
        close(output)
        var report = clinux_report()
        #expect(recv(socket, &report, MemoryLayout<clinux_report>.size, 0) > 0)
        #expect(clinux_event(UInt32(report.event)) == clinux_started)
        defer {
            var order = clinux_order(signal: SIGKILL, everything: 1, keeps: 0)
            send(socket, &order, MemoryLayout<clinux_order>.size, Int32(MSG_NOSIGNAL))
            clinux_wait_for_guard(guardian)
            close(socket)
        }
        return try ownMemory(of: guardian)
    }

    /// Returns the private memory of a process, in units of 1024 bytes.
    private static func ownMemory(of process: pid_t) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon") }
        return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }

    @Test func `A kernel starts within its resource limits`() async throws {
        var options = scratch.options
        options.limits.memory = 4 << 30
        options.limits.processorTime = .seconds(1000)
        options.limits.openFiles = 300
        let text = try await withKernel(FixtureKernel.spec("good"), options: options) {
            try await $0.run("limits").text
        }
        #expect(text == "[4294967296, 1000, 300]")
    }

    @Test func `A kernel starts on ports if it supports no sockets, with new ports if one is taken`() async throws {
        var options = scratch.options
        options.transport = .tcp
        options.environment["TAKEN"] = scratch.path + "/tried"
        let text = try await withKernel(FixtureKernel.spec("taken"), options: options) {
            try await $0.run("hello").text
        }
        #expect(text == "hello")
        #expect(try String(contentsOfFile: scratch.path + "/tried", encoding: .utf8).hasPrefix("tried\ntried\n"))
    }

    @Test func `A kernel does not start without its program or its folder`() async throws {
        var spec = FixtureKernel.spec("good")
        spec.arguments[0] = "/no/such/program"
        let first = await #expect(throws: KernelError.self) {
            try await withKernel(spec, options: scratch.options) { _ in }
        }
        #expect(
            first?.description
                == "Kernel 'good' is registered, but its program '/no/such/program' does not exist. Install it again")
        var options = scratch.options
        options.workingDirectory = "/no/such/folder"
        let second = await #expect(throws: KernelError.self) {
            try await withKernel(FixtureKernel.spec("good"), options: options) { _ in }
        }
        #expect(
            second?.description == "The working folder /no/such/folder cannot be entered: No such file or directory")
        #expect(scratch.names == [])
    }

    @Test func `A kernel starts with a temporary folder in the requested place, even for a long path`()
        async throws
    {
        let parent = scratch.path + "/" + String(repeating: "long", count: 20)
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: false)
        var options = scratch.options
        options.environment["TMPDIR"] = parent
        options.hasOwnTemporaryFolder = true
        func names(_ folder: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder) }
        try await withKernel(FixtureKernel.spec("good"), options: options) { _ in
            let made = try #require(names(parent).first)
            #expect(try names(parent + "/" + made) == ["tmp"])
        }
        #expect(try names(parent) == [])
    }

    @Test func `A start removes files of a killed engine, and none that are in use`() async throws {
        let options = scratch.options
        let left = scratch.path + "/galley-1-left"
        let own = scratch.path + "/galley-2-mine"
        try await withKernel(FixtureKernel.spec("good"), options: options) { first in
            let used = try #require(scratch.names.first)
            try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: false)
            #expect(FileManager.default.createFile(atPath: left + "/kernel.json", contents: Data()))
            // A folder of that name that belongs to another user stays.
            try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: false)
            for name in ["kernel.json", "report.ipynb"] {
                #expect(FileManager.default.createFile(atPath: "\(own)/\(name)", contents: Data()))
            }
            for folder in [left, own, "\(scratch.path)/\(used)"] {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: folder)
            }
            _ = try await withKernel(FixtureKernel.spec("good"), options: options) { try await $0.run("x").text }
            #expect(Set(scratch.names) == [used, "galley-2-mine"])
            #expect(FileManager.default.fileExists(atPath: own + "/report.ipynb"))
            #expect(try await first.run("still here").text == "still here")
        }
        #expect(scratch.names == ["galley-2-mine"])
    }
}
