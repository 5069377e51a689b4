import GalleyConcurrency
import GalleyHTTP
import GalleyJSON
import GalleyStorage

// Writing objects.
extension ObjectClient {
    /// The size from which on contents are sent in parts.
    static let partLimit = 16 << 20
    private static let leastPart = 8 << 20
    private static let partCount = 10_000
    private static let abortAttempts = 3
    /// The greatest number of bytes of the ID of an upload, which is a part of URLs.
    private static let idLimit = 4096

    /// The result of a write.
    enum Written: Hashable, Sendable {
        /// The object has the contents, with this version.
        case version(ObjectVersion)
        /// The condition was not fulfilled.
        case changed
    }

    /// Writes an object, completely or not at all.
    ///
    /// A write whose answer was lost is recognized by its contents, so that it is no change by another program.
    ///
    /// - Throws: ``ObjectStorageError``; then the object may have the new contents all the same.
    func write(
        _ source: some UploadSource, to address: ObjectAddress, mediaType: String, _ condition: WriteCondition
    ) async throws(ObjectStorageError) -> Written {
        var (conflicts, condition, checksums) = (0, condition, sendsChecksums)
        // Whether the store itself has refused the request with a checksum, and not a proxy.
        var refusesChecksums = false
        while true {
            // Only a look at the object can take the place of a condition that no request can carry.
            if case .isVersion(let expected) = condition, !expected.isNamed {
                guard let now = try await version(of: address), now.isSame(as: expected) else { return .changed }
            }
            let answer: Answer
            do throws(ObjectStorageError) {
                answer =
                    source.count > Self.partLimit
                    ? try await writeParts(source, to: address, mediaType, condition, checksums: checksums)
                    : try await writeWhole(source, to: address, mediaType, condition, checksums: checksums)
            } catch .refused(let place, let operation, let status, let code, let message) {
                // Some stores know no checksums, or no conditions. Errors that may pass say nothing about either.
                let isAboutRequest = [400, 501].contains(status) && !StoreReply.transientCodes.contains(code)
                if isAboutRequest, checksums, !settings.endpoint.isAmazon {
                    (checksums, refusesChecksums) = (false, !code.isEmpty)
                    continue
                }
                (checksums, refusesChecksums) = (sendsChecksums, false)
                guard status == 501, condition != .always, !settings.endpoint.heedsConditions else {
                    throw .refused(place, operation: operation, status: status, code: code, message: message)
                }
                setHeedsConditions(address.bucket, false)
                condition = .always
                continue
            }
            if refusesChecksums { stopSendingChecksums() }
            if answer.code == "NoSuchBucket" { throw .noSuchBucket(address.location.text) }
            if answer.response.isSuccess {
                var version = ObjectVersion(answer.response.headers)
                version.size = source.count
                if source.count > Self.partLimit { version.etag = Self.etag(ofCompletion: answer.response.body) }
                if version.isNamed { return .version(version) }
            }
            // A success without a version may be one of a proxy, and a failure may follow a success with a lost answer.
            if let version = try await version(of: address, whoseContentsAre: source) { return .version(version) }
            guard !answer.response.isSuccess else {
                throw .invalidAnswer(
                    address.location.text, reason: "a write has no ETag, and the object is another one")
            }
            guard condition != .always || answer.response.status == 409 || answer.code == "NoSuchUpload" else {
                throw .refused(
                    address.location.text, operation: "s3:PutObject", status: answer.response.status, code: answer.code,
                    message: "")
            }
            // Another write was in progress at the same moment.
            let isConcurrent = answer.response.status == 409
            guard isConcurrent || answer.code == "NoSuchUpload" else { return .changed }
            if case .isVersion(let expected) = condition {
                guard let now = try await self.version(of: address), now.isSame(as: expected) else { return .changed }
            }
            conflicts += 1
            guard conflicts < max(settings.maximumAttempts, 2) else {
                throw .refused(
                    address.location.text, operation: "s3:PutObject", status: 409, code: answer.code, message: "")
            }
            do { try await time.sleep(.milliseconds(500) * conflicts * time.random()) } catch {
                throw .canceled(address.location.text)
            }
        }
    }

    /// Sends an object in one request, under a condition that is not true.
    ///
    /// - Returns: Whether the store has written it all the same, or has refused it for the condition; nil if neither is
    ///   certain.
    func write(
        _ source: some UploadSource, despite condition: WriteCondition, to address: ObjectAddress, mediaType: String
    ) async throws(ObjectStorageError) -> Written? {
        let response: HTTPResponse
        do throws(ObjectStorageError) {
            response = try await writeWhole(source, to: address, mediaType, condition, checksums: sendsChecksums)
                .response
        } catch .refused {
            return nil
        }
        if response.isSuccess {
            var version = ObjectVersion(response.headers)
            version.size = source.count
            return .version(version)
        }
        return response.status == 412 ? .changed : nil
    }

    /// Sends an object in one request.
    private func writeWhole(
        _ source: some UploadSource, to address: ObjectAddress, _ mediaType: String, _ condition: WriteCondition,
        checksums: Bool
    ) async throws(ObjectStorageError) -> Answer {
        let body = try source.part(at: 0, count: source.count)
        var request = ObjectRequest("PUT", address, body: body, action: "s3:PutObject")
        request.headers.set("Content-Type", mediaType)
        addChecksum(to: &request, checksums)
        condition.add(to: &request.headers, settings.endpoint.dialect)
        request.accepted = Self.conditionStatuses(condition)
        return try await send(request)
    }

    /// The statuses that say that a condition is not fulfilled.
    private static func conditionStatuses(_ condition: WriteCondition) -> Set<Int> {
        switch condition {
        case .always: [409]
        case .isNew: [409, 412]
        // An object that another program has removed does not exist.
        case .isVersion: [404, 409, 412]
        }
    }

    /// Adds the checksum by which the store verifies the body.
    private func addChecksum(to request: inout ObjectRequest, _ checksums: Bool) {
        if checksums { request.headers.set("x-amz-checksum-sha256", Base64.encode(request.payload)) }
        if settings.endpoint.dialect.fieldPrefix == "x-goog-" {
            var checksum = ContentChecksum(.crc32c)
            checksum.update(request.body ?? [])
            request.headers.set("x-goog-hash", "crc32c=\(checksum.text)")
        }
    }

    /// Sends an object in parts, which the store joins in the end. If that fails, the parts are removed.
    private func writeParts(
        _ source: some UploadSource, to address: ObjectAddress, _ mediaType: String, _ condition: WriteCondition,
        checksums: Bool
    ) async throws(ObjectStorageError) -> Answer {
        var create = ObjectRequest("POST", address, action: "s3:PutObject")
        create.query = [("uploads", "")]
        create.headers.set("Content-Type", mediaType)
        if checksums { create.headers.set("x-amz-checksum-algorithm", "SHA256") }
        let id = try await beginUpload(create)
        do throws(ObjectStorageError) {
            let answer = try await sendParts(source, of: id, to: address, condition, checksums: checksums)
            // After a success without a result it is unknown whether the parts still exist.
            if !answer.response.isSuccess || Self.etag(ofCompletion: answer.response.body) == nil {
                await abort(id, address)
            }
            return answer
        } catch {
            await abort(id, address)
            throw error
        }
    }

    private func sendParts(
        _ source: some UploadSource, of id: String, to address: ObjectAddress, _ condition: WriteCondition,
        checksums: Bool
    ) async throws(ObjectStorageError) -> Answer {
        let needed = (source.count + Self.partCount - 1) / Self.partCount
        let size = max(Self.leastPart, needed)
        var list = ""
        for (index, offset) in stride(from: 0, to: source.count, by: size).enumerated() {
            let part = try source.part(at: offset, count: min(size, source.count - offset))
            var request = ObjectRequest("PUT", address, body: part, action: "s3:PutObject")
            request.query = [("partNumber", "\(index + 1)"), ("uploadId", id)]
            addChecksum(to: &request, checksums)
            let headers = try await send(request).response.headers
            guard let etag = headers["ETag"].flatMap(ObjectVersion.tag) else {
                throw .invalidAnswer(request.place, reason: "a part has no ETag")
            }
            list += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(Self.escaped(etag))</ETag>"
            if checksums { list += "<ChecksumSHA256>\(Base64.encode(request.payload))</ChecksumSHA256>" }
            list += "</Part>"
        }
        let body =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(list)</CompleteMultipartUpload>"
        var request = ObjectRequest("POST", address, body: Array(body.utf8), action: "s3:PutObject")
        request.query = [("uploadId", id)]
        request.headers.set("Content-Type", "application/xml")
        condition.add(to: &request.headers, settings.endpoint.dialect)
        // The upload is gone if an earlier attempt has completed it.
        request.accepted = Self.conditionStatuses(condition).union([404])
        // Joining many parts takes some time.
        request.stallTimeout = .seconds(600)
        return try await send(request)
    }

    /// Begins an upload, and returns its ID.
    ///
    /// If the task is canceled meanwhile, the answer is awaited for a short time: only its ID can end the upload.
    private func beginUpload(_ request: ObjectRequest) async throws(ObjectStorageError) -> String {
        guard !Task.isCancelled else { throw .canceled(request.place) }
        let limit = settings.abortLimit
        let task = AbandonableTask<Result<Answer, ObjectStorageError>> { [self] in
            do throws(ObjectStorageError) { return .success(try await send(request)) } catch { return .failure(error) }
        }
        let result = await withTaskCancellationHandler {
            await task.answer()
        } onCancel: {
            Task { _ = await task.answer(within: limit) }
        }
        guard let result else { throw .canceled(request.place) }
        let body = try result.get().response.body
        guard let id = (try? XMLReader.read(body))?["UploadId"]?.text, 1...Self.idLimit ~= id.utf8.count else {
            throw .invalidAnswer(request.place, reason: "it has no ID of the upload")
        }
        return id
    }

    /// Removes the parts of an upload. Returns after that, also if the task is canceled, or after a few attempts, each of
    /// which has a short time.
    private func abort(_ id: String, _ address: ObjectAddress) async {
        let limit = settings.abortLimit
        let task = AbandonableTask<Void> { [self] in
            var request = ObjectRequest("DELETE", address, action: "s3:AbortMultipartUpload")
            request.query = [("uploadId", id)]
            request.accepted = [404]
            (request.timeout, request.maximumAttempts) = (limit, Self.abortAttempts)
            _ = try? await send(request)
        }
        _ = await task.answer(within: limit * Self.abortAttempts)
    }

    private static func etag(ofCompletion body: [UInt8]) -> String? {
        guard let root = try? XMLReader.read(body), root.name == "CompleteMultipartUploadResult" else { return nil }
        return (root["ETag"]?.text).flatMap(ObjectVersion.tag)
    }

    /// Returns the version of an object if it has these contents; nil if not, or if the keys do not permit to read it.
    private func version(
        of address: ObjectAddress, whoseContentsAre source: some UploadSource
    ) async throws(ObjectStorageError) -> ObjectVersion? {
        do throws(ObjectStorageError) {
            return try await version(of: address, ifContents: [source.fingerprint()])
        } catch .accessDenied {
            return nil
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
