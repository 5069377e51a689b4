import GalleyConcurrency
import GalleyCLinux
import Glibc
import GalleyJupyterProtocol
import GalleyZeroMQTransport

/// A kernel that is starting.
struct KernelStartup: Sendable {
    let spec: KernelSpec
    let options: KernelOptions
    let session = Session()
    let folder: RuntimeFolder
    let process: GuardedProcess
    let connection: Connection
    let handshake: ReadinessHandshake
    private let memory: OutOfMemoryMonitor
    private let connectionFile: String
    private let began = ContinuousClock.now

    /// The number of attempts: another process can take a free port before the kernel binds it.
    private static let attempts = 5

    /// The interval between kernel info requests.
    private static let patience = Duration.seconds(5)

    /// Starts a kernel and waits until it is ready.
    @concurrent
    static func kernel(_ spec: KernelSpec, _ options: KernelOptions) async throws -> LocalKernel {
        let usesPorts = KernelQuirks(of: spec).usesPorts(options.transport)
        var attempt = 1
        while true {
            let start = try await KernelStartup(spec, options, usesPorts: usesPorts)
            do throws(KernelError) {
                return LocalKernel(start, info: try await start.ready())
            } catch {
                await start.cleanUp()
                try Task.checkCancellation()
                guard usesPorts, attempt < attempts, case .diedAtStart(_, let end) = error,
                    end.lastLines.contains(where: { $0.lowercased().contains("address already in use") })
                else { throw error }
                attempt += 1
            }
        }
    }

    private init(_ spec: KernelSpec, _ options: KernelOptions, usesPorts: Bool) async throws(KernelError) {
        self.spec = spec
        self.options = options
        memory = OutOfMemoryMonitor(limit: options.limits.memory)
        if let shortage = Connection.shortage() { throw .notStarted(kernel: spec.name, reason: shortage) }
        folder = try RuntimeFolder(for: spec.name, options: options)
        do throws(KernelError) {
            guard let endpoints = usesPorts ? ConnectionFile.freePorts() : .ipc(prefix: folder.path + "/k") else {
                throw .notStarted(kernel: spec.name, reason: "no free port was found")
            }
            // All users of the machine can connect to a port.
            let keys = usesPorts && KernelQuirks(of: spec).encrypts ? CurveKeys() : nil
            let file = ConnectionFile(endpoints: endpoints, key: SigningKey(), kernelName: spec.name, keys: keys)
            connectionFile = try folder.write(file.bytes, to: "kernel.json")
            var launch = try ProcessLaunch(spec, connectionFile: connectionFile, options: options)
            // ipykernel ends with its parent if this variable is set, as it is for programs that a notebook starts.
            if options.isKeepable { launch.environment["JPY_PARENT_PID"] = nil }
            if let temporaryFolder = folder.temporaryFolder { launch.environment["TMPDIR"] = temporaryFolder }
            process = try await Self.start(launch, in: folder, spec, options)
            let handshake = ReadinessHandshake(session: session)
            self.handshake = handshake
            do throws(KernelFailure) {
                connection = try Connection(to: endpoints, key: file.key, encryptedWith: keys) {
                    handshake.receive($0)
                } onFailure: {
                    handshake.connectionFailed.set($0)
                }
            } catch {
                process.killEverything()
                throw .failed(kernel: spec.name, error)
            }
        } catch {
            folder.remove()
            throw error
        }
    }

    private static func start(
        _ launch: ProcessLaunch, in privateFolder: RuntimeFolder, _ spec: KernelSpec, _ options: KernelOptions
    ) async throws(KernelError) -> GuardedProcess {
        do throws(GuardedProcess.StartFailure) {
            return try await GuardedProcess.start(launch, options, in: privateFolder)
        } catch {
            switch error.step {
            case clinux_step_folder: throw .noWorkingFolder(options.workingDirectory ?? ".", reason: error.reason)
            case clinux_step_program where error.code == ENOENT: throw .noProgram(launch.program, kernel: spec.name)
            case clinux_step_limits:
                throw .notStarted(kernel: spec.name, reason: "a resource limit could not be set: \(error.reason)")
            default: throw .notStarted(kernel: spec.name, reason: error.reason)
            }
        }
    }

    /// Waits until the kernel is ready, has died, has reached the time limit, or the task is canceled.
    private func ready() async throws(KernelError) -> KernelInfo {
        enum News: Sendable {
            case ready(KernelInfo)
            case ended
            case broken(KernelFailure)
            case notWanted
        }
        let news = AsyncPromise<News>()
        handshake.ready.whenSet { news.set(.ready($0)) }
        process.ending.whenSet { _ in news.set(.ended) }
        handshake.connectionFailed.whenSet { news.set(.broken($0)) }
        connection.send(handshake.infoRequest())
        let first = await withTaskCancellationHandler {
            let deadline = ContinuousClock.now + options.startTimeout
            while ContinuousClock.now < deadline {
                let rest = ContinuousClock.now.duration(to: deadline)
                if let first = await news.value(within: min(rest, Self.patience)) { return News?.some(first) }
                // A starting kernel can lose a request.
                connection.send(handshake.infoRequest())
            }
            return nil
        } onCancel: {
            news.set(.notWanted)
        }
        switch first {
        case .ready(let info): return info
        case .ended:
            let end = postMortem(await process.ending.value() ?? .init(cause: .unknown, peakMemory: 0))
            throw .diedAtStart(kernel: spec.name, end)
        case .broken(let failure): throw .failed(kernel: spec.name, failure)
        case .notWanted: throw .notStarted(kernel: spec.name, reason: "the start was canceled")
        case nil: throw .silent(kernel: spec.name, options.startTimeout, lastLines: process.lastLines)
        }
    }

    /// Ends all processes of the kernel, closes the connection and removes the folder.
    ///
    /// - Parameter drainsMessages: Whether to receive the messages that are still in transit from a killed kernel.
    func cleanUp(drainsMessages: Bool = false) async {
        process.killEverything()
        // A guard can hang in a system call; do not wait for it indefinitely.
        _ = await process.gone.value(within: .seconds(5))
        await connection.close(drainsMessages: drainsMessages)
        folder.remove()
    }

    /// Closes the connection and leaves the kernel to its guard; nil if the kernel has ended.
    func keep() async -> KeptKernel? {
        await connection.close(drainsMessages: true)
        guard let keeper = await process.keep(), let program = process.program.current else {
            await cleanUp()
            return nil
        }
        return KeptKernel(
            connectionFile: connectionFile, process: Int(program), keepers: [Int(keeper), Int(process.watcherProcess)])
    }

    /// Collects the facts about the kernel's end.
    func postMortem(_ ending: GuardedProcess.Ending) -> PostMortem {
        PostMortem(
            cause: ending.cause, memory: memory.outOfMemoryCause(ending), peakMemory: ending.peakMemory,
            lifetime: began.duration(to: .now), lastLines: process.lastLines)
    }
}
