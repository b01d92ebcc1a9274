import MulticastDTLS

/// Formats events as JSON, one object a line. docs/events.md and docs/events.schema.json define them.
struct JSONFormat: EventFormat {
  /// The version of the events. It changes with every new event, key or value.
  static let version = 4

  private let member: MemberID
  private let group: GroupAddress
  private var members: Members
  /// True at the index of each member that was heard.
  private var isHeard = [Bool](repeating: false, count: 256)
  private var clock = WallClock()
  private var names = InterfaceNames()
  private var source = LastValue<Endpoint>()

  init(_ member: MemberID, _ group: GroupAddress, _ members: Members) {
    (self.member, self.group, self.members) = (member, group, members)
  }

  private mutating func line(_ event: String) -> JSONLine {
    JSONLine(event, time: clock.now)
  }

  mutating func started(_ start: Start, _ text: inout [UInt8]) {
    var line = line("start")
    let configuration = start.configuration
    line.add("version", Self.version)
    line.add("member", Int(member.rawValue))
    line.add("peers", members.all.description)
    addNames(to: &line)
    line.add("group", group.description)
    line.add("interfaces", start.interfaces)
    line.add("suite", configuration.suite.name)
    line.add("signed", start.isSigned)
    if let epoch = start.epoch { line.add("epoch", Int(epoch.rawValue)) }
    line.add("keyIDs", start.keyIDs.map(\.description))
    line.end(in: &text)
  }

  mutating func received(_ origin: Message.Origin, _ payload: Span<UInt8>, _ text: inout [UInt8]) {
    let index = Int(origin.sender.rawValue)
    if !isHeard[index] {
      var line = line("peer")
      line.add("member", index)
      line.add("cause", "heard")
      line.add(
        "message", "\(members.named(origin.sender)) was heard for the first time in this run, in epoch \(origin.epoch)")
      line.end(in: &text)
    }
    isHeard[index] = true
    var line = line("received")
    line.add("interface", quoted: names.quoted(origin.interface))
    line.add("source", quoted: source.quoted(origin.source))
    line.add("member", index)
    if let name = members.roster.name(of: origin.sender) { line.add("name", name) }
    line.add("epoch", Int(origin.epoch.rawValue))
    line.add("sequence", Int(origin.sequence))
    line.add(payload: payload)
    line.end(in: &text)
  }

  mutating func sent(
    _ payload: [UInt8], _ number: SendReceipt.Number, on interface: UInt32, _ text: inout [UInt8]
  ) {
    var line = line("sent")
    line.add("interface", quoted: names.quoted(interface))
    line.add("member", Int(member.rawValue))
    line.add("epoch", Int(number.epoch.rawValue))
    line.add("sequence", Int(number.sequence))
    line.add(payload: payload.span)
    line.end(in: &text)
  }

  mutating func dropped(_ event: DroppedEvents.Event, _ text: inout [UInt8]) {
    var line = line("dropped")
    line.add("reason", event.reason)
    line.add(event.members)
    line.add("count", event.count)
    line.end(in: &text)
  }

  mutating func reported(_ event: PeerEvent, _ message: String, _ text: inout [UInt8]) {
    if event.kind.isAboutNetwork { names = InterfaceNames() }
    var line = line(event.kind.isAboutKeys ? "key" : "peer")
    line.add(event.members)
    line.add("cause", event.kind.rawValue)
    line.add("message", message)
    line.end(in: &text)
  }

  mutating func changedRing(_ keyIDs: [KeyID], _ epoch: Epoch?, _ text: inout [UInt8]) {
    var line = line("key")
    line.add("member", Int(member.rawValue))
    line.add("cause", "ring")
    if let epoch { line.add("epoch", Int(epoch.rawValue)) }
    line.add("keyIDs", keyIDs.map(\.description))
    line.end(in: &text)
  }

  mutating func changedMembers(_ members: Members, _ text: inout [UInt8]) {
    self.members = members
    var line = line("members")
    line.add("peers", members.all.description)
    addNames(to: &line)
    line.end(in: &text)
  }

  /// Adds the names of the roster, by member ID.
  private func addNames(to line: inout JSONLine) {
    guard members.roster.hasNames else { return }
    var names = JSONLine()
    for member in members.all {
      if let name = members.roster.name(of: member) { names.add("\(member)", name) }
    }
    line.add("names", names)
  }

  mutating func failed(_ message: String, _ text: inout [UInt8]) {
    var line = line("error")
    line.add("message", message)
    line.end(in: &text)
  }

  mutating func counted(_ statistics: Statistics, sent: Int, _ text: inout [UInt8]) {
    var line = line("stats")
    line.add("sent", sent)
    line.add("received", statistics.received)
    line.add("droppedByKernel", statistics.droppedByKernel)
    line.add("batchesDroppedByKernel", statistics.batchesDroppedByKernel)
    line.add("refused", Self.counts(statistics.rejected))
    line.add(
      "members",
      MemberSet(Array(statistics.members.keys) + members.all.expected(at: self.member)).map { member in
        let counts = statistics.members[member] ?? .unheard
        var object = JSONLine()
        object.add("member", Int(member.rawValue))
        if let name = members.roster.name(of: member) { object.add("name", name) }
        object.add("state", Self.state(counts))
        if let time = counts.timeSinceHeard {
          object.add("lastHeard", quoted: [UInt8(ascii: "\"")] + clock.text(before: time) + [UInt8(ascii: "\"")])
        } else {
          object.add("lastHeard", quoted: Array("null".utf8))
        }
        if let source = counts.source {
          object.add("source", source.description)
        } else {
          object.add("source", quoted: Array("null".utf8))
        }
        if let keyID = counts.keyID { object.add("keyID", keyID.description) }
        object.add("signed", counts.isSigning)
        object.add("received", counts.received)
        object.add("lost", counts.lost)
        object.add("reordered", counts.reordered)
        object.add("refused", Self.counts(counts.rejected))
        return object
      })
    line.end(in: &text)
  }

  private static func state(_ counts: Statistics.Member) -> String {
    if counts.timeSinceHeard == nil { return "neverHeard" }
    return counts.isSilent ? "silent" : "up"
  }

  /// Rejected datagrams by reason, without those that did not occur.
  static func counts(_ refused: [RejectionReason: Int]) -> JSONLine {
    var object = JSONLine()
    for reason in RejectionReason.allCases {
      if let count = refused[reason] { object.add(reason.rawValue, count) }
    }
    return object
  }

  mutating func ended(_ reason: StopReason, received: Int, sent: Int, _ text: inout [UInt8]) {
    var line = line("end")
    line.add("reason", reason.rawValue)
    line.add("received", received)
    line.add("sent", sent)
    line.end(in: &text)
  }
}
