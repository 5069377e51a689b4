import GalleyCCurl
import Synchronization

/// libcurl, opened at run time.
///
/// Safe because any thread may call its functions, and it is never closed.
@safe struct CurlLibrary: @unchecked Sendable {
    let pointer: OpaquePointer

    private static let opened = Mutex<[String: CurlLibrary]>([:])

    /// Opens a library by its file name, or returns it if it is open.
    ///
    /// - Throws: ``HTTPError/libraryMissing(name:)``.
    static func open(_ name: String) throws(HTTPError) -> CurlLibrary {
        let library = opened.withLock { opened in
            if let library = opened[name] { return Optional(library) }
            guard let pointer = unsafe ccurl_open(name) else { return nil }
            let library = unsafe CurlLibrary(pointer: pointer)
            opened[name] = library
            return library
        }
        guard let library else { throw .libraryMissing(name: name) }
        return library
    }

    /// Returns libcurl's text of a code.
    // Safe because libcurl never frees these texts.
    func text(of code: Int32) -> String { unsafe String(cString: ccurl_text(pointer, code)) }
}
