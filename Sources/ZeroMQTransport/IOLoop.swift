import GalleyCZeroMQ
import Glibc
import GalleyJupyterProtocol

/// The loop of a connection's thread, which sends and receives messages.
struct IOLoop: ~Copyable {
    private var wire: MessageCodec
    private var arrivals: OversizedMessageDetector
    private let shell: ZeroMQSocket
    private let iopub: ZeroMQSocket
    private let control: ZeroMQSocket
    private let stdin: ZeroMQSocket

    init(to endpoints: Endpoints, key: SigningKey, keys: CurveKeys?) throws(KernelFailure) {
        let identity = Array(Session().id.utf8)
        let context = ZeroMQContext.shared
        func socket(_ channel: Channel) throws(KernelFailure) -> ZeroMQSocket {
            try context.socket(
                channel == .iopub ? ZMQ_SUB : ZMQ_DEALER, to: endpoints.address(of: channel), identity: identity,
                keys: keys)
        }
        let iopub = try socket(.iopub)
        let shell = try socket(.shell)
        let control = try socket(.control)
        // Kernels send input requests to the identity that they received on the shell channel.
        let stdin = try socket(.stdin)
        self.iopub = iopub
        self.shell = shell
        self.control = control
        self.stdin = stdin
        wire = MessageCodec(key: key)
        arrivals = OversizedMessageDetector(endpoints)
    }

    /// The milliseconds without a message after which a dead kernel has no more messages in transit.
    private static let silence = 20
    /// The milliseconds without a message after which the loop checks for an endless message.
    private static let oversizeCheckInterval = 250

    /// Sends and receives messages until the connection is closed. `deliver` returns the messages to send at once.
    mutating func run(_ line: IOMailbox, deliver: (Message) -> [Message]) throws(KernelFailure) {
        var items = unsafe [iopub.pollItem, shell.pollItem, control.pollItem, stdin.pollItem, line.pollItem]
        while true {
            let (messages, closing) = line.takePending()
            for message in messages { try send(message) }
            let hasWorked = line.runJobs()
            let isQuiet = try !receiveAll(deliver)
            switch closing {
            case .immediately: return
            case .now where isQuiet: return
            case .whenQuiet(let failure) where isQuiet:
                // Messages that the kernel sent before it died may still be in system buffers.
                if unsafe try wait(&items, Self.silence) > 0 { continue }
                if let failure { throw failure }
                return
            case .now, .whenQuiet: continue
            // The jobs or deliveries of this pass may have queued new messages.
            case nil where hasWorked || !isQuiet: continue
            case nil:
                if unsafe try wait(&items, Self.oversizeCheckInterval) == 0, arrivals.isFlooded() {
                    throw .untrustworthy("\(MessageDecodingError.tooLarge)")
                }
            }
        }
    }

    /// Receives the messages that have arrived; returns false if there were none.
    private mutating func receiveAll(_ deliver: (Message) -> [Message]) throws(KernelFailure) -> Bool {
        var isAny = false
        // If both have arrived, IOPub messages must be delivered before the reply that ends their request.
        for channel in [Channel.iopub, .shell, .control, .stdin] {
            // The limit keeps a busy channel from blocking the others.
            for _ in 0..<512 {
                guard let frames = try receive(on: channel) else { break }
                isAny = true
                arrivals.arrived()
                let message: Message
                do throws(MessageDecodingError) {
                    message = try wire.message(of: frames, on: channel)
                } catch {
                    throw .untrustworthy("\(error)")
                }
                for reply in deliver(message) { try send(reply) }
            }
        }
        return isAny
    }

    private func wait(_ items: inout [zmq_pollitem_t], _ milliseconds: Int) throws(KernelFailure) -> Int32 {
        // Safe because the array is passed with its own length. An interrupting signal only ends the wait early.
        let count = unsafe zmq_poll(&items, Int32(items.count), milliseconds)
        if count == -1, zmq_errno() != EINTR { throw ZeroMQError.last.failure }
        return count
    }

    private func receive(on channel: Channel) throws(KernelFailure) -> [[UInt8]]? {
        do throws(ZeroMQError) {
            switch channel {
            case .iopub: return try iopub.receive()
            case .shell: return try shell.receive()
            case .control: return try control.receive()
            case .stdin: return try stdin.receive()
            }
        } catch {
            throw error.failure
        }
    }

    private func send(_ message: Message) throws(KernelFailure) {
        let frames = wire.frames(of: message)
        do throws(ZeroMQError) {
            switch message.channel {
            case .shell: try shell.send(frames)
            case .control: try control.send(frames)
            case .stdin: try stdin.send(frames)
            case .iopub: break
            }
        } catch {
            throw error.failure
        }
    }
}
