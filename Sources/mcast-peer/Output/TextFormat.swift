import MulticastDTLS

/// Formats events as text for people: the lines `Node 0: ...`.
struct TextFormat: EventFormat {
  private let node: String
  private var members: Members

  init(_ member: MemberID, _ members: Members) {
    node = "Node \(member)"
    self.members = members
  }

  func started(_ start: Start, _ text: inout [UInt8]) {
    text += "=== DTLS Multicast Peer - \(node) ===\n".utf8
    text += "\(node): Sockets ready, joined multicast group \(start.configuration.group)\n".utf8
    for member in start.others { text += "\(node): Added peer \(members.withName(member)) to receive tracking\n".utf8 }
    text += "\(node): Ready. Press Ctrl+C to exit.\n".utf8
    text += "\(node): \(start.input)...\n\n".utf8
  }

  func received(_ origin: Message.Origin, _ payload: Span<UInt8>, _ text: inout [UInt8]) {
    text += node.utf8
    text += ": Received from peer ".utf8
    text += members.withName(origin.sender).utf8
    text += ": \"".utf8
    appendEscaped(payload, to: &text)
    text += "\"\n".utf8
  }

  func sent(_ payload: [UInt8], _ number: SendReceipt.Number, on interface: UInt32, _ text: inout [UInt8]) {
    text += node.utf8
    text += ": Sent: \"".utf8
    appendEscaped(payload.span, to: &text)
    text += "\"\n".utf8
  }

  mutating func changedMembers(_ members: Members, _ text: inout [UInt8]) {
    self.members = members
  }

  func ended(_ reason: StopReason, received: Int, sent: Int, _ text: inout [UInt8]) {
    text += "\n\(node): Shutting down...\n\(node): Goodbye!\n".utf8
  }
}
