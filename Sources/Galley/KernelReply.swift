import GalleyJSON
import GalleyJupyterProtocol

/// A kernel's reply to a question, which may be anything.
struct KernelReply: Sendable {
    private let request: String
    private let message: Message

    init(to request: Message, _ message: Message) { (self.request, self.message) = (request.type, message) }

    /// Returns the content, if this is a reply of a type that is no error.
    func content(of type: String) throws(KernelClientError) -> Value {
        let content = message.content
        guard message.type == type else { throw malformed("it is of type '\(message.type)' instead of '\(type)'") }
        guard content.kind == .object else { throw malformed("its content is no object") }
        switch content["status"]?.string {
        case "error":
            let (name, value) = (content["ename"]?.string ?? "", content["evalue"]?.string ?? "")
            throw .refused(request: request, reason: value.isEmpty ? name : "\(name): \(value)")
        case "aborted", "abort": throw .refused(request: request, reason: "the request was aborted")
        default: return content
        }
    }

    /// Says what is wrong with the reply.
    func malformed(_ reason: String) -> KernelClientError { .malformedReply(request: request, reason: reason) }
}
