import GalleyCLinux

/// The arguments that this process was started with, without its own name.
package var processArguments: [String] {
    var arguments: [String] = []
    var number: Int32 = 1
    // Safe because these strings live as long as the process.
    while let argument = unsafe clinux_argument(number) {
        arguments.append(unsafe String(cString: argument))
        number += 1
    }
    return arguments
}
