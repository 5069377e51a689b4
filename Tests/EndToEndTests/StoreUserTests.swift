import Foundation
import GalleyTestSupport
import Testing

/// Root's runs of notebooks in a store.
@Suite(.serialized, .root("only root can run notebooks for other users"))
struct `Notebooks of a store, run by root` {
    private let instance: NotebookInstance
    private let here: StoreForRuns

    init() async throws {
        instance = try await NotebookInstance.make()
        here = try await StoreForRuns(.motoWithSignatures)
        try await here.put(["import os; print(os.getuid(), os.environ.get('AWS_SECRET_ACCESS_KEY'))"], at: "a.ipynb")
    }

    /// Root's environment, with its own keys, and where the store is.
    private func variables(_ secret: String) -> [String: String] {
        [
            "AWS_ENDPOINT_URL": here.store.url, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": here.store.accessKeyID, "AWS_SECRET_ACCESS_KEY": secret,
        ]
    }

    /// Gives the user keys, in the file of the AWS tools.
    private func giveKeys(_ secret: String) throws {
        let folder = instance.home + "/.aws"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try """
        [default]
        aws_access_key_id = \(here.store.accessKeyID)
        aws_secret_access_key = \(secret)
        """.write(toFile: folder + "/credentials", atomically: false, encoding: .utf8)
        for path in [folder, folder + "/credentials"] {
            try FileManager.default.setAttributes([.ownerAccountName: instance.user], ofItemAtPath: path)
        }
    }

    @Test func `Root runs it as root, with root's keys`() async throws {
        let run = try await instance.run(
            ["execute", "s3://source/a.ipynb", "--output", "s3://out/a.ipynb"] + instance.kernel,
            variables(here.store.secretAccessKey))
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await here.notebook("a.ipynb", in: "out").outputs == [["0 \(here.store.secretAccessKey)\n"]])
    }

    @Test func `A chosen user's process uses the user's keys, and never root's`() async throws {
        let arguments =
            [
                "execute", "--as-user", instance.user, "s3://source/a.ipynb", "--output", "s3://out/a.ipynb", "--json",
                "s3://out/r.json",
            ]
            + instance.kernel
        let refused = try await instance.run(arguments, variables(here.store.secretAccessKey))
        #expect(refused.status == 3, "\(refused.errors)")
        #expect(!refused.errors.contains(here.store.secretAccessKey))
        #expect(try await here.keys("out") == [])
        // Root's own keys do not matter.
        try giveKeys(here.store.secretAccessKey)
        let run = try await instance.run(arguments, variables("wrong"))
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await here.notebook("a.ipynb", in: "out").outputs == [["\(instance.number) None\n"]])
        #expect(try await here.keys("out") == ["a.ipynb", "r.json"])
        let folder = try await instance.run(
            ["execute", "--as-user", instance.user, "s3://source/", "--output-dir", "s3://out/b"] + instance.kernel,
            variables("wrong"))
        #expect(folder.status == 0, "\(folder.errors)")
        #expect(try await here.keys("out").contains("b/a.ipynb"))
    }
}
