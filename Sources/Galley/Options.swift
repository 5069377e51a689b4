public import GalleyExecution
import GalleyJupyterProtocol
import GalleyStorage

/// The options of a run: ``RunSettings``, which are plain values, and ``RunHooks``, which are code.
///
/// You can access the properties of both directly:
///
///     var options = Options()
///     options.timeout = .seconds(600)
///     options.kernels = AttachedKernels("kernel-4711.json")
@dynamicMemberLookup
public struct Options: Sendable {
    /// The values, such as limits and the place of the result.
    public var settings: RunSettings
    /// The code that takes part in the run, such as the kernel provider.
    public var hooks: RunHooks

    /// Combines settings and hooks.
    public init(_ settings: RunSettings = RunSettings(), hooks: RunHooks = RunHooks()) {
        (self.settings, self.hooks) = (settings, hooks)
    }

    /// Accesses a property of ``settings``.
    public subscript<Setting>(dynamicMember setting: WritableKeyPath<RunSettings, Setting>) -> Setting {
        get { settings[keyPath: setting] }
        set { settings[keyPath: setting] = newValue }
    }

    /// Accesses a property of ``hooks``.
    public subscript<Hook>(dynamicMember hook: WritableKeyPath<RunHooks, Hook>) -> Hook {
        get { hooks[keyPath: hook] }
        set { hooks[keyPath: hook] = newValue }
    }
}

extension Options {
    /// The editors of the saved notebook.
    var editors: [any ResultEditor] { [RunMetadata(settings: settings)] + hooks.editors }
    /// Whether the saved notebook says how the run ended.
    var recordsOutcome: Bool { settings.keepsRecord || !hooks.editors.isEmpty }
}
