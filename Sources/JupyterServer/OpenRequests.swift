import GalleyJupyterProtocol

/// The requests to a kernel that are not complete yet.
struct OpenRequests: Sendable {
    /// A request, and the parts of its end that have arrived.
    struct Request: Sendable {
        let header: Header
        let channel: Channel
        /// Whether the request runs code.
        let isExecution: Bool
        /// Whether the request asks for the kernel info.
        let isInfo: Bool
        /// Whether any message about the request arrived, so that the kernel has received it.
        var hasBegun = false
        var hasReply = false
        var isIdle = false
        /// Whether messages about the request may have been lost.
        var isUncertain = false
    }

    private(set) var requests: [Request] = []
    /// A client can send requests to which a kernel never replies.
    private static let limit = 1000

    var isEmpty: Bool { requests.isEmpty }

    /// Whether a request runs code.
    var hasExecution: Bool { requests.contains(where: \.isExecution) }

    func contains(_ id: String) -> Bool { requests.contains { $0.header.id == id } }

    /// Adds a message that was sent, if it expects a reply.
    mutating func add(_ message: Message) {
        guard message.expectsReply else { return }
        if requests.count == Self.limit { requests.remove(at: requests.firstIndex { !$0.isExecution } ?? 0) }
        requests.append(
            Request(
                header: message.header, channel: message.channel, isExecution: message.isExecuteRequest,
                isInfo: message.isKernelInfoRequest))
    }

    /// Records a message that may belong to a request, and removes the request if the message completes it.
    mutating func receive(_ message: Message) {
        guard let parent = message.parent?.id, let index = requests.firstIndex(where: { $0.header.id == parent })
        else { return }
        requests[index].hasBegun = true
        if message.channel == requests[index].channel { requests[index].hasReply = true }
        if message.channel == .iopub, message.executionState == .idle { requests[index].isIdle = true }
        if requests[index].hasReply, requests[index].isIdle { requests.remove(at: index) }
    }

    /// Records that messages about requests may be lost.
    ///
    /// - Parameter unsent: The IDs of the requests that were not sent yet.
    mutating func markUncertain(except unsent: Set<String>) {
        for index in requests.indices where !unsent.contains(requests[index].header.id) {
            requests[index].isUncertain = true
        }
    }

    /// Removes and returns the requests about which messages may be lost.
    mutating func takeUncertain() -> [Request] {
        defer { requests.removeAll(where: \.isUncertain) }
        return requests.filter(\.isUncertain)
    }
}
