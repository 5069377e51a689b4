/// The caller's code that takes part in a run.
package struct CellHooks: Sendable {
    /// The middleware around each cell. The first one runs first before a cell, and last after it.
    package var middleware: [any Middleware]
    /// Answers input requests; nil if the code may not request input.
    package var answer: InputHandler?

    /// Returns the line that answers a prompt, or nil for no answer.
    package typealias InputHandler = @Sendable (_ prompt: String, _ isPassword: Bool) async -> String?

    /// Creates hooks; without arguments, none.
    package init(middleware: [any Middleware] = [], answer: InputHandler? = nil) {
        (self.middleware, self.answer) = (middleware, answer)
    }
}
