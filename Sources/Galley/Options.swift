public import GalleyExecution
import GalleyJupyterProtocol
import GalleyStorage

/// How a notebook is run: ``RunSettings``, which are values, and ``RunHooks``, which are code.
///
/// The properties of both are reached directly:
///
///     var options = Options()
///     options.timeout = .seconds(600)
///     options.kernels = AttachedKernels("kernel-4711.json")
@dynamicMemberLookup
public struct Options: Sendable {
    /// The values.
    public var settings: RunSettings
    /// The code that takes part.
    public var hooks: RunHooks

    /// Puts both together; each is the usual one by default.
    public init(_ settings: RunSettings = RunSettings(), hooks: RunHooks = RunHooks()) {
        (self.settings, self.hooks) = (settings, hooks)
    }

    /// A setting.
    public subscript<Setting>(dynamicMember setting: WritableKeyPath<RunSettings, Setting>) -> Setting {
        get { settings[keyPath: setting] }
        set { settings[keyPath: setting] = newValue }
    }

    /// A hook.
    public subscript<Hook>(dynamicMember hook: WritableKeyPath<RunHooks, Hook>) -> Hook {
        get { hooks[keyPath: hook] }
        set { hooks[keyPath: hook] = newValue }
    }
}
