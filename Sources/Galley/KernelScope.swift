import GalleyConcurrency
import GalleyJupyterProtocol
import GalleyLocalKernels

/// A kernel that stays within its provider's scope until ``leave()`` is called.
///
/// A task of its own calls the provider, so that one kernel can be returned and another one asked for while a caller goes on.
struct KernelScope: Sendable {
    private enum State: Sendable {
        case starting
        case ready(any Kernel)
        case failed(any Error)
        case left
    }

    private let state = AsyncState(State.starting)
    private let work: Task<Void, Never>

    /// Asks for the kernel.
    init(_ borrow: @escaping @Sendable () -> BorrowedKernel) {
        work = Task { [state] in
            do {
                try await borrow().withKernel { kernel in
                    state.change { if case .starting = $0 { $0 = .ready(kernel) } }
                    // The kernel is not returned when this task is cancelled, but when the scope is left.
                    await Task { _ = await state.first { if case .left = $0 { true } else { nil } } }.value
                }
            } catch {
                state.change { if case .starting = $0 { $0 = .failed(error) } }
            }
        }
    }

    /// Waits until the kernel is ready.
    ///
    /// When the calling task is cancelled, so is the start.
    ///
    /// - Throws: Any error of the provider; `CancellationError` if the start is cancelled, or the scope is left.
    func kernel() async throws -> any Kernel {
        let found = await withTaskCancellationHandler {
            await Task { [state] in
                await state.first { state -> Swift.Result<any Kernel, any Error>? in
                    switch state {
                    case .starting: nil
                    case .ready(let kernel): .success(kernel)
                    case .failed(let error): .failure(error)
                    case .left: .failure(CancellationError())
                    }
                }
            }.value
        } onCancel: {
            work.cancel()
        }
        do {
            guard let found else { throw CancellationError() }
            return try found.get()
        } catch is KernelError where Task.isCancelled {
            throw CancellationError()
        }
    }

    /// Returns the kernel to its provider, or gives up its start; waits until that is done, whether or not the task is
    /// cancelled.
    func leave() async {
        let isStarting = state.change { state in
            defer { state = .left }
            return if case .starting = state { true } else { false }
        }
        if isStarting { work.cancel() }
        await work.value
    }
}
