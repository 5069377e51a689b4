import Foundation
import GalleyHTTP
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

@Suite struct `Notebooks at web addresses` {
    private static let notebook = #"{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#

    private func server(_ answer: [String: Any], path: String = "/.*") async throws -> ScriptedServer {
        let rules = try JSONSerialization.data(withJSONObject: [["path": path, "answers": [answer]]])
        return try await ScriptedServer(String(decoding: rules, as: UTF8.self))
    }

    private func read(_ address: String, settings: HTTPSettings = HTTPSettings()) async throws -> String {
        let source = WebSource(client: HTTPClient(settings))
        return String(decoding: try await source.store(at: NotebookLocation(address)).read(), as: UTF8.self)
    }

    @Test(arguments: ["application/json", "text/plain; charset=utf-8", "text/html", "application/octet-stream"])
    func `A notebook of any media type is read`(type: String) async throws {
        let server = try await server(["body": Self.notebook, "headers": [["Content-Type", type]]])
        #expect(try await read(server.url + "a.ipynb?signature=s") == Self.notebook)
        #expect(try server.requests.map(\.path) == ["/a.ipynb?signature=s"])
    }

    @Test(arguments: [
        (404, "does not exist"), (410, "does not exist"), (403, "get a new one"), (401, "may not be read"),
        (500, "status 500"),
    ])
    func `A status of an error is an error, without the page and without the signature`(
        status: Int, words: String
    ) async throws {
        let server = try await server(["status": status, "body": "<html>secret page"])
        let error = try await #require(throws: WebSourceError.self) {
            try await read(server.url + "a.ipynb?signature=secret", settings: .withoutRetries)
        }
        #expect("\(error)".contains(words) && "\(error)".contains("a.ipynb") && !"\(error)".contains("secret"))
        #expect(error.isTransient == (status == 500))
    }

    @Test func `A page is no notebook`() async throws {
        let server = try await server(["body": "<!DOCTYPE html><html>secret"])
        let error = try await #require(throws: WebSourceError.self) { try await read(server.url + "a.ipynb") }
        #expect("\(error)".contains("is a web page, not a notebook") && !"\(error)".contains("secret"))
    }

    @Test(arguments: [
        ("https://github.com/a/b/blob/main/c%20d/e.ipynb", "https://raw.githubusercontent.com/a/b/main/c%20d/e.ipynb"),
        ("https://gitlab.com/a/b/c/-/blob/main/e.ipynb", "https://gitlab.com/a/b/c/-/raw/main/e.ipynb"),
        ("https://github.com/a/b/issues/1/2", nil), ("https://example.org/a/b/blob/main/e.ipynb", nil),
    ])
    func `The file behind a page of a well-known service is named`(page: String, file: String?) throws {
        #expect(WebSource.file(behind: try HTTPURL(parsing: page)) == file)
    }

    @Test func `A file above the limit is an error with the limit`() async throws {
        let server = try await server(["body": Self.notebook])
        let source = WebSource(client: HTTPClient())
        let error = try await #require(throws: WebSourceError.self) {
            try await source.readFile(at: NotebookLocation(server.url + "a"), limit: 10)
        }
        #expect("\(error)".contains("more than 10 bytes"))
    }

    @Test func `An address can only be read, and has no list`() async throws {
        let source = WebSource(environment: [:])
        let store = try source.store(at: "https://ann:secret@example.org/a.ipynb?key=secret")
        #expect(store.name == "https://example.org/a.ipynb?key=…" && !store.canBeWrittenAgain)
        let failures = try await [
            #require(throws: WebSourceError.self) { try await store.checkWritable() },
            #require(throws: WebSourceError.self) { try await store.write(Array(Self.notebook.utf8)) },
            #require(throws: WebSourceError.self) { try await source.notebooks(in: "https://example.org/?key=secret") },
            #require(throws: WebSourceError.self) { try source.store(at: "https://?key=secret") },
        ]
        for error in failures { #expect(!"\(error)".contains("secret") && !error.isTransient) }
        #expect("\(failures[0])".contains("--output"))
    }

    @Test func `A server that cannot be reached is a transient error`() async throws {
        let error = try await #require(throws: WebSourceError.self) {
            try await read("http://127.0.0.1:1/a.ipynb?key=secret", settings: .withoutRetries)
        }
        #expect(error.isTransient && !"\(error)".contains("secret"))
    }

    @Test func `Two spellings of an address are one place`() {
        let source = WebSource(environment: [:])
        #expect(source.isSame("https://Example.org:443/a#b", "https://example.org/a"))
        #expect(!source.isSame("https://example.org/a", "https://example.org/b"))
    }
}

extension HTTPSettings {
    fileprivate static var withoutRetries: HTTPSettings {
        var settings = HTTPSettings()
        settings.retries = .never
        return settings
    }
}
