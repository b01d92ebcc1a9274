import MulticastDTLS

/// Reads the document of another process, which may be of another version, or hostile.
extension StatusReport {
  /// A key of the document is missing, or has an impossible value.
  struct Unreadable: Error {
    let key: String
  }

  /// - Throws: ``JSONValue/Malformed`` or ``Unreadable``.
  init(json bytes: [UInt8]) throws {
    let document = try JSONValue(bytes)
    guard document["version"]?.int == Self.version else { throw Unreadable(key: "version") }
    func count(_ key: String) throws(Unreadable) -> Int { try document.required(key, JSONValue.count) }
    func texts(_ key: String) throws(Unreadable) -> [String] {
      try document.required(key) { $0.list.flatMap { list in list.mapped(\.text) } }
    }
    if let member = try document.optional("member", JSONValue.member) {
      peer = Peer(member: member, epoch: try document.optional("epoch", JSONValue.epoch), sent: try count("sent"))
    } else {
      peer = nil
    }
    group = try document.required("group", \.text)
    interfaces = try texts("interfaces")
    suite = try document.required("suite", JSONValue.suite)
    keyIDs = try document.required("keyIDs") { $0.list?.mapped(JSONValue.keyID) }
    time = try document.required("seconds", JSONValue.duration)
    received = try count("received")
    lost = try count("lost")
    rejected = try document.required("refused", JSONValue.counts)
    droppedByKernel = try count("droppedByKernel")
    batchesDroppedByKernel = try count("batchesDroppedByKernel")
    members = try document.required("members", \.list).map { value throws(Unreadable) in try Member(json: value) }
  }
}

extension StatusReport.Member {
  fileprivate init(json value: JSONValue) throws(StatusReport.Unreadable) {
    member = try value.required("member", JSONValue.member)
    name = try value.optional("name", \.text)
    isAwaited = try value.required("awaited", \.bool)
    state = try value.required("state") { $0.text.flatMap(StatusReport.State.init) }
    reason = try value.optional("reason") { $0.text.flatMap(RejectionReason.init) }
    epoch = try value.optional("epoch", JSONValue.epoch)
    keyID = try value.optional("keyID", JSONValue.keyID)
    suite = try value.optional("suite", JSONValue.suite)
    age = try value.optional("secondsSinceHeard", JSONValue.duration)
    rate = try value.required("messagesPerSecond") { $0.number.flatMap { (0...1e9).contains($0) ? $0 : nil } }
    received = try value.required("received", JSONValue.count)
    lost = try value.required("lost", JSONValue.count)
    reordered = try value.required("reordered", JSONValue.count)
    rejected = try value.required("refused", JSONValue.counts)
    source = try value.optional("source", \.text)
  }
}

extension JSONValue {
  fileprivate func optional<Value>(
    _ key: String, _ read: (JSONValue) -> Value?
  ) throws(StatusReport.Unreadable) -> Value? {
    guard let value = self[key] else { return nil }
    guard let result = read(value) else { throw StatusReport.Unreadable(key: key) }
    return result
  }

  fileprivate func required<Value>(
    _ key: String, _ read: (JSONValue) -> Value?
  ) throws(StatusReport.Unreadable) -> Value {
    guard let value = try optional(key, read) else { throw StatusReport.Unreadable(key: key) }
    return value
  }

  fileprivate static func count(_ value: JSONValue) -> Int? { value.int.flatMap { $0 >= 0 ? $0 : nil } }

  fileprivate static func member(_ value: JSONValue) -> MemberID? {
    value.int.flatMap { UInt8(exactly: $0) }.map(MemberID.init(rawValue:))
  }

  fileprivate static func epoch(_ value: JSONValue) -> Epoch? { value.int.flatMap { try? Epoch($0) } }

  fileprivate static func keyID(_ value: JSONValue) -> KeyID? { value.text.flatMap { try? KeyID($0) } }

  fileprivate static func suite(_ value: JSONValue) -> CipherSuite? {
    value.text.flatMap { name in CipherSuite.allCases.first { $0.name == name } }
  }

  /// A number of seconds, up to a thousand years.
  fileprivate static func duration(_ value: JSONValue) -> Duration? {
    value.number.flatMap { (0...3.2e10).contains($0) ? .milliseconds(Int(($0 * 1000).rounded())) : nil }
  }

  fileprivate static func counts(_ value: JSONValue) -> [RejectionReason: Int]? {
    guard let entries = value.object?.map({ (RejectionReason(rawValue: $0.key), count($0.value)) }) else { return nil }
    var counts: [RejectionReason: Int] = [:]
    for (reason, count) in entries {
      guard let reason, let count else { return nil }
      counts[reason] = count
    }
    return counts
  }
}

extension [JSONValue] {
  /// The results for all elements; nil if one has none.
  fileprivate func mapped<Value>(_ read: (JSONValue) -> Value?) -> [Value]? {
    let results = compactMap(read)
    return results.count == count ? results : nil
  }
}
