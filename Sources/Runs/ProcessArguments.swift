import GalleyCLinux

/// The arguments of this process, without the program's own name. An argument that is not UTF-8 is nil.
package var processArguments: [String?] {
    var arguments: [String?] = []
    var number: Int32 = 1
    // Safe because these strings live as long as the process.
    while let argument = unsafe clinux_argument(number) {
        arguments.append(unsafe String(validatingCString: argument))
        number += 1
    }
    return arguments
}
