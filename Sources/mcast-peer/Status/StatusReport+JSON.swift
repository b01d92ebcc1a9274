import MulticastDTLS

/// The JSON document of a report (see docs/status.schema.json).
extension StatusReport {
  /// The version of the document. It changes with every new key or value.
  static let version = 2

  /// The document, on one line without its newline.
  var json: [UInt8] {
    var line = JSONLine()
    line.add("version", Self.version)
    if let peer {
      line.add("member", Int(peer.member.rawValue))
      if let epoch = peer.epoch { line.add("epoch", Int(epoch.rawValue)) }
      line.add("sent", peer.sent)
    }
    line.add("group", group)
    line.add("interfaces", interfaces)
    line.add("suite", suite.name)
    line.add("signed", isSigned)
    line.add("keyIDs", keyIDs.map(\.description))
    line.add("seconds", thousandths: Self.milliseconds(time))
    line.add("complete", isComplete)
    line.add("received", received)
    line.add("lost", lost)
    line.add("refused", JSONFormat.counts(rejected))
    line.add("droppedByKernel", droppedByKernel)
    line.add("batchesDroppedByKernel", batchesDroppedByKernel)
    var files = JSONLine()
    for (file, reason) in unusableFiles.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      files.add(file.rawValue, reason)
    }
    line.add("unusableFiles", files)
    line.add("members", members.map(\.json))
    var text: [UInt8] = []
    line.end(in: &text)
    return text.dropLast()
  }

  fileprivate static func milliseconds(_ time: Duration) -> Int { Int((time / .milliseconds(1)).rounded()) }
}

extension StatusReport.Member {
  fileprivate var json: JSONLine {
    var line = JSONLine()
    line.add("member", Int(member.rawValue))
    if let name { line.add("name", name) }
    line.add("awaited", isAwaited)
    line.add("state", state.rawValue)
    if let reason { line.add("reason", reason.rawValue) }
    if let epoch { line.add("epoch", Int(epoch.rawValue)) }
    if let keyID { line.add("keyID", keyID.description) }
    if let suite { line.add("suite", suite.name) }
    line.add("signed", isSigning)
    if let age { line.add("secondsSinceHeard", thousandths: StatusReport.milliseconds(age)) }
    line.add("messagesPerSecond", thousandths: Int((rate * 1000).rounded()))
    line.add("received", received)
    line.add("lost", lost)
    line.add("reordered", reordered)
    line.add("refused", JSONFormat.counts(rejected))
    if let source { line.add("source", source) }
    return line
  }
}
