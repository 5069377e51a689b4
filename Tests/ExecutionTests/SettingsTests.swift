import Foundation
import GalleyExecution
import GalleyParameters
import GalleyJSON
import GalleyJupyterProtocol
import GalleyParameters
import Testing

@Suite struct `Settings in JSON` {
    /// Settings whose values all differ from the defaults.
    private var unusual: RunSettings {
        var settings = RunSettings()
        (settings.kernel, settings.allowsKernelFallback, settings.user) = ("ir", true, .named("ann"))
        (settings.environment, settings.inheritsEnvironment) = (["MODE": "full", "A": "é\n"], false)
        (settings.workingDirectory, settings.kernelArguments) = ("/work", ["--debug", ""])
        (settings.hasTemporaryDirectory, settings.leavesChildren) = (true, true)
        (settings.resources.memory, settings.resources.processorTime) = (1 << 40, .seconds(90))
        settings.resources.openFiles = 100
        settings.keepsKernel = .afterFailure
        (settings.startTimeout, settings.timeout) = (.milliseconds(1500), .seconds(600))
        (settings.totalTimeout, settings.idleTimeout) = (.seconds(7200), .nanoseconds(1))
        settings.allowsLostOutput = true
        (settings.onTimeout, settings.grace) = (.continue, .zero)
        settings.allowedErrors = .named(["ValueError", "KeyError"])
        settings.allowedErrors.respectsTags = false
        settings.parameters.values = ["a": [1, 0.5, nil, "x", ["c": true]]]
        (settings.parameters.secrets, settings.parameters.isStrict) = (["key": "KEY"], true)
        settings.parameters.checksTypes = false
        (settings.startAt, settings.stopAfter, settings.skipTag) = ("2", "last", "skip")
        (settings.only.tags, settings.only.numbers) = (["smoke"], [3...3, 5...7])
        (settings.result, settings.keepsRecord, settings.keepsTiming) = (.folder("s3://out"), true, false)
        (settings.keepsWidgets, settings.collapsesProgress, settings.outputLimit) = (false, true, 10_000_000)
        let big = ParameterInteger("123456789012345678901234567890")!
        settings.parameters = Parameters([
            "days": 7, "rates": [0.5, .double(-.infinity), nil], "on": true, "count": .integer(big), "by": ["a": "b"],
        ])
        settings.parameters.secrets = ["password": "DB_PASSWORD"]
        (settings.parameters.isStrict, settings.parameters.checksTypes) = (true, false)
        (settings.parameters.language, settings.preparesOnly) = ("r", true)
        return settings
    }

    private func copy(_ settings: RunSettings) throws -> RunSettings {
        try JSONDecoder().decode(RunSettings.self, from: JSONEncoder().encode(settings))
    }

    @Test func `Settings are the same after they are encoded and decoded`() throws {
        #expect(try copy(RunSettings()) == RunSettings())
        #expect(try copy(unusual) == unusual)
        for user in [KernelUser.automatic, .caller, .owner, .named("owner")] {
            var settings = RunSettings()
            settings.user = user
            #expect(try copy(settings).user == user)
        }
        for result in [
            ResultPlace.beside, .inPlace, .nowhere, .file("a{b}"), .template("a{b}"), .folder("beside"),
            .standardOutput,
        ] {
            var settings = RunSettings()
            settings.result = result
            #expect(try copy(settings).result == result)
        }
    }

    @Test func `Settings in JSON have every property, under its own name`() {
        let properties = Mirror(reflecting: RunSettings()).children.compactMap(\.label)
        #expect(RunSettings.names.sorted() == properties.sorted())
        let usual = RunSettings().json
        for (name, value) in unusual.json.members {
            #expect(usual[name]?.canonicalText.bytes != value.canonicalText.bytes, "\(name) has its usual value here")
        }
    }

    @Test func `Settings that JSON leaves out have their defaults`() throws {
        var settings = RunSettings()
        settings.timeout = .seconds(600)
        #expect(try JSONDecoder().decode(RunSettings.self, from: Data(#"{"timeout": 600}"#.utf8)) == settings)
    }

    @Test(arguments: [
        (#"{"timeuot": 600}"#, "'timeuot' is not a setting"), (#"{"timeout": "10m"}"#, "'timeout' has the wrong type"),
        (#"{"timeout": 1e300}"#, "'timeout' has the wrong type"), ("[]", "settings must be a JSON object"),
        (#"{"user": {"id": 1}}"#, "'user' has the wrong type"),
        (#"{"environment": {"A": 1}}"#, "'environment' has the wrong type"),
        (#"{"result": {"file": "a", "folder": "b"}}"#, "'result' has the wrong type"),
    ])
    func `Settings with an unknown name or value are refused`(document: String, problem: String) {
        do {
            _ = try JSONDecoder().decode(RunSettings.self, from: Data(document.utf8))
            Issue.record("\(document) was read")
        } catch {
            #expect("\(error)".contains(problem))
        }
    }
}
