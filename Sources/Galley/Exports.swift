// Importing Galley also imports the public types of these modules.
@_exported public import GalleyAttachedKernels
@_exported public import GalleyExecution
@_exported public import GalleyFlags
@_exported public import GalleyJSON
@_exported public import GalleyJupyterProtocol
@_exported public import GalleyJupyterServer
@_exported public import GalleyLocalKernels
@_exported public import GalleyNotebook
@_exported public import GalleyObjectStorage
@_exported public import GalleyParameters
@_exported public import GalleyStorage
