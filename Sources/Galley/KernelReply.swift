import GalleyJSON
import GalleyJupyterProtocol

/// A kernel's reply to a request, not yet validated.
struct KernelReply: Sendable {
    private let request: String
    private let message: Message

    init(to request: Message, _ message: Message) { (self.request, self.message) = (request.type, message) }

    /// Returns the content of the reply.
    ///
    /// - Throws: ``KernelClientError`` if the reply has another type than `type`, or reports an error.
    func content(of type: String) throws(KernelClientError) -> Value {
        let content = message.content
        guard message.type == type else { throw malformed("it is of type '\(message.type)' instead of '\(type)'") }
        guard content.kind == .object else { throw malformed("its content is not an object") }
        switch content["status"]?.string {
        case "error":
            let (name, value) = (content["ename"]?.string ?? "", content["evalue"]?.string ?? "")
            throw .refused(request: request, reason: value.isEmpty ? name : "\(name): \(value)")
        case "aborted", "abort": throw .refused(request: request, reason: "the request was aborted")
        default: return content
        }
    }

    /// Returns an error that describes a defect of the reply.
    func malformed(_ reason: String) -> KernelClientError { .malformedReply(request: request, reason: reason) }
}
