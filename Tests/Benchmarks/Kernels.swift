import JSON
import JupyterProtocol
import LocalKernels

/// Kernels started and spoken to by Galley and by the barest client there can be, in turn.
///
/// The floor is a few lines of Python over raw ZeroMQ that wait for nothing but what the protocol asks for, and check
/// no signature. Its own start is not counted, and neither is Galley's.
enum Kernels {
    /// What is run in a kernel, and how much longer than the floor it may take.
    private static let cases: [(name: String, kernel: String, code: String, wanted: Double?)] = [
        ("one trivial request", "ipykernel_launcher", "1 + 1", 1.03),
        ("50 MB of images", "images", "x", 1.15),
        // That all arrive is what was promised; what each costs is shown.
        ("200,000 messages", "flood", "x", nil),
    ]

    static func run(root: String, rounds: Int) throws {
        let python = root + "/.build/python/bin/python3"
        print("kernels")
        for (name, kernel, code, wanted) in cases {
            var ours: [[Double]] = []
            var floor: [[Double]] = []
            for _ in 0..<rounds {
                let mine = try Shell.run(CommandLine.arguments[0], "measure-kernel", python, root, kernel, code)
                let bare = try Shell.run(python, "-c", floorClient, python, root, kernel, code)
                ours.append(mine.split(separator: " ").compactMap { Double($0) })
                floor.append(bare.split(separator: " ").compactMap { Double($0) })
            }
            if kernel == "ipykernel_launcher" {
                report("start until ready", ours.map { $0[0] }, floor.map { $0[0] }, 1.03)
            }
            report(name, ours.map { $0[1] }, floor.map { $0[1] }, wanted)
            print("  \(padded("", 24)) \(Int(ours[0][2])) messages, floor \(Int(floor[0][2]))")
        }
    }

    private static func report(_ name: String, _ ours: [Double], _ floor: [Double], _ wanted: Double?) {
        let ratio = median(zip(ours, floor).map { $0 / $1 })
        print(
            "  \(padded(name, 24)) \(milliseconds(median(ours))) ms, floor \(milliseconds(median(floor))) ms:",
            "\((ratio * 100).rounded() / 100) of it" + (wanted.map { " (wanted: at most \($0))" } ?? ""))
    }

    private static func milliseconds(_ seconds: Double) -> Double { (seconds * 10_000).rounded() / 10 }

    /// Prints the seconds until the kernel is ready, those for the request, and the number of outputs.
    static func measure(_ python: String, _ root: String, _ kernel: String, _ code: String) async throws {
        let module = kernel == "ipykernel_launcher"
        let arguments =
            module ? [python, "-m", kernel, "-f"] : [python, root + "/Tests/Fixtures/kernels/fixture.py", kernel]
        let spec = KernelSpec(
            name: kernel, displayName: kernel, language: "python", arguments: arguments + ["{connection_file}"],
            folder: "/")
        let began = ContinuousClock.now
        try await withKernel(spec) { kernel in
            let ready = ContinuousClock.now
            var count = 0
            _ = try await kernel.perform(kernel.session.executeRequest(code), patience: .seconds(5)) { message in
                if message.type == "stream" || message.type == "display_data" || message.type == "execute_result" {
                    count += 1
                }
            }
            print(seconds(ready - began), seconds(ContinuousClock.now - ready), count)
        }
    }

    private static let floorClient = """
        import hashlib, hmac, json, subprocess, sys, tempfile, time, uuid, zmq
        python, root, kernel, code = sys.argv[1:]
        folder = tempfile.mkdtemp(prefix="fl")
        key, file = uuid.uuid4().hex, folder + "/kernel.json"
        json.dump({"transport": "ipc", "ip": folder + "/k", "key": key, "signature_scheme": "hmac-sha256", "shell_port": 1,
            "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}, open(file, "w"))
        context = zmq.Context()
        shell, iopub, control = (context.socket(kind) for kind in (zmq.DEALER, zmq.SUB, zmq.DEALER))
        iopub.subscribe(b"")
        for socket, port in ((shell, 1), (iopub, 2), (control, 4)):
            socket.rcvhwm, socket.linger, socket.reconnect_ivl = 0, 0, 1
        def send(socket, kind, content):
            header = {"msg_id": uuid.uuid4().hex, "session": "s", "username": "", "date": "2026-01-01T00:00:00Z", "msg_type": kind, "version": "5.3"}
            parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
            sign = hmac.new(key.encode(), b"".join(parts), hashlib.sha256).hexdigest().encode()
            socket.send_multipart([b"<IDS|MSG>", sign, *parts])
            return header["msg_id"].encode()
        start = time.perf_counter()
        command = ["-m", kernel, "-f"] if kernel == "ipykernel_launcher" else [root + "/Tests/Fixtures/kernels/fixture.py", kernel]
        options = ["--HistoryManager.hist_file=:memory:"] if kernel == "ipykernel_launcher" else []
        process = subprocess.Popen([python, *command, file, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for socket, port in ((shell, 1), (iopub, 2), (control, 4)):
            socket.connect(f"ipc://{folder}/k-{port}")
        send(shell, "kernel_info_request", {})
        poller = zmq.Poller()
        poller.register(shell, zmq.POLLIN); poller.register(iopub, zmq.POLLIN)
        heard = set()
        while len(heard) < 2:
            for socket, _ in poller.poll():
                socket.recv_multipart()
                heard.add(socket)
                if socket is shell and len(heard) < 2:
                    send(shell, "kernel_info_request", {})
        ready = time.perf_counter()
        request = send(shell, "execute_request", {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False})
        replied = idle = False
        outputs = 0
        while not (replied and idle):
            for socket, _ in poller.poll():
                frames = socket.recv_multipart()
                at = frames.index(b"<IDS|MSG>")
                if request not in frames[at + 3]:
                    continue
                if socket is shell:
                    replied = True
                elif b'"status"' in frames[at + 2]:
                    idle = b'"idle"' in frames[at + 5]
                elif b'"stream"' in frames[at + 2] or b'"display_data"' in frames[at + 2] or b'"execute_result"' in frames[at + 2]:
                    outputs += 1
        print(ready - start, time.perf_counter() - ready, outputs)
        sys.stdout.flush()
        send(control, "shutdown_request", {"restart": False})
        process.wait()
        """
}
