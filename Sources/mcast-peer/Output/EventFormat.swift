import MulticastDTLS

/// What standard output says of the things that happen: each function adds whole lines to a text.
protocol EventFormat: Sendable {
  /// The peer has joined its group.
  mutating func started(_ start: Start, _ text: inout [UInt8])
  /// A message has arrived.
  mutating func received(_ origin: Message.Origin, _ payload: Span<UInt8>, _ text: inout [UInt8])
  /// A message was sent, as the record of that epoch with that sequence, on an interface, by its number.
  mutating func sent(_ payload: [UInt8], _ number: SendReceipt.Number, on interface: UInt32, _ text: inout [UInt8])
  /// More datagrams were refused for a reason, or dropped by the kernel.
  mutating func dropped(_ event: DroppedEvents.Event, _ text: inout [UInt8])
  /// There is something that a person should know of a member, of the keys, or of the network.
  mutating func noticed(_ report: NoticeReport, _ text: inout [UInt8])
  /// This node uses another ring.
  mutating func changedRing(_ keyIDs: [KeyID], _ epoch: Epoch?, _ text: inout [UInt8])
  /// Something does not work.
  mutating func failed(_ message: String, _ text: inout [UInt8])
  /// Somebody asks for the figures.
  mutating func counted(_ statistics: Statistics, sent: Int, _ text: inout [UInt8])
  /// It is over.
  mutating func ended(_ reason: StopReason, received: Int, sent: Int, _ text: inout [UInt8])
}

extension EventFormat {
  func started(_ start: Start, _ text: inout [UInt8]) {}
  func sent(_ payload: [UInt8], _ number: SendReceipt.Number, on interface: UInt32, _ text: inout [UInt8]) {}
  func dropped(_ event: DroppedEvents.Event, _ text: inout [UInt8]) {}
  func noticed(_ report: NoticeReport, _ text: inout [UInt8]) {}
  func changedRing(_ keyIDs: [KeyID], _ epoch: Epoch?, _ text: inout [UInt8]) {}
  func failed(_ message: String, _ text: inout [UInt8]) {}
  func counted(_ statistics: Statistics, sent: Int, _ text: inout [UInt8]) {}
  func ended(_ reason: StopReason, received: Int, sent: Int, _ text: inout [UInt8]) {}
}

/// Who and where a peer is at its start.
struct Start {
  let configuration: MulticastPeer.Configuration
  /// The names of the interfaces where the group was joined; the first is sent on.
  let interfaces: [String]
  let epoch: Epoch?
  let keyIDs: [KeyID]
  /// What it sends, and how often, as a person reads it.
  let input: String

  /// The members that are listened to.
  var others: [MemberID] {
    configuration.peers.members.filter { $0 != configuration.member }
  }
}
