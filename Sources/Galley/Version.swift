/// The version of the library and of the program.
public let version = "0.1.0"
