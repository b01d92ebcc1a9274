import MulticastDTLS

/// A format of events on standard output. Each function appends whole lines to `text`.
protocol EventFormat: Sendable {
  /// The peer has joined its group.
  mutating func started(_ start: Start, _ text: inout [UInt8])
  /// A message has arrived.
  mutating func received(_ origin: Message.Origin, _ payload: Span<UInt8>, _ text: inout [UInt8])
  /// A message was sent.
  ///
  /// - Parameters:
  ///   - number: The epoch and sequence of its record.
  ///   - interface: The kernel's index of the sending interface.
  mutating func sent(_ payload: [UInt8], _ number: SendReceipt.Number, on interface: UInt32, _ text: inout [UInt8])
  /// More datagrams were rejected for a reason, or dropped by the kernel.
  mutating func dropped(_ event: DroppedEvents.Event, _ text: inout [UInt8])
  /// The peer reports an event of a member, the keys, or the network; `message` is its text.
  mutating func reported(_ event: PeerEvent, _ message: String, _ text: inout [UInt8])
  /// This member uses another key ring.
  mutating func changedRing(_ keyIDs: [KeyID], _ epoch: Epoch?, _ text: inout [UInt8])
  /// The roster was read again.
  mutating func changedMembers(_ members: Members, _ text: inout [UInt8])
  /// An operation failed.
  mutating func failed(_ message: String, _ text: inout [UInt8])
  /// The statistics are due, on request or at the end.
  mutating func counted(_ statistics: Statistics, sent: Int, _ text: inout [UInt8])
  /// The peer has stopped.
  mutating func ended(_ reason: StopReason, received: Int, sent: Int, _ text: inout [UInt8])
}

extension EventFormat {
  func started(_ start: Start, _ text: inout [UInt8]) {}
  func sent(_ payload: [UInt8], _ number: SendReceipt.Number, on interface: UInt32, _ text: inout [UInt8]) {}
  func dropped(_ event: DroppedEvents.Event, _ text: inout [UInt8]) {}
  func reported(_ event: PeerEvent, _ message: String, _ text: inout [UInt8]) {}
  func changedRing(_ keyIDs: [KeyID], _ epoch: Epoch?, _ text: inout [UInt8]) {}
  func changedMembers(_ members: Members, _ text: inout [UInt8]) {}
  func failed(_ message: String, _ text: inout [UInt8]) {}
  func counted(_ statistics: Statistics, sent: Int, _ text: inout [UInt8]) {}
  func ended(_ reason: StopReason, received: Int, sent: Int, _ text: inout [UInt8]) {}
}

/// The identity and configuration of a peer at its start.
struct Start {
  let configuration: MulticastPeer.Configuration
  /// The names of the joined interfaces; the first is the sending one.
  let interfaces: [String]
  let epoch: Epoch?
  let keyIDs: [KeyID]
  /// True if messages are signed under each secret of the ring.
  let isSigned: Bool
  /// The input and its rate in words (see ``Sender/phrase(_:)``).
  let input: String

  /// The members of `peers`, without this one.
  var others: [MemberID] {
    configuration.peers.members.filter { $0 != configuration.member }
  }
}
