/// A message from another member, taken from an authentic record.
public struct Message: Hashable, Sendable {
  /// The origin of a message: everything known of it except its payload.
  public struct Origin: Hashable, Sendable {
    /// The member ID in the record. In a signed group, this member has signed the message; in any other, any holder of the
    /// group secret could have made it.
    public let sender: MemberID
    /// The sender's epoch.
    public let epoch: Epoch
    /// The sequence number of the record in that epoch, counted from 0.
    public internal(set) var sequence: UInt64
    /// The source address of the datagram. Not authenticated.
    public let source: Endpoint
    /// The kernel's number of the interface that the datagram arrived on; 0 if unknown.
    public internal(set) var interface: UInt32 = 0
  }

  /// The origin of the message.
  public let origin: Origin
  /// The payload that the sender passed to `send`: 0...1359 bytes.
  public let payload: [UInt8]

  /// The member ID in the record. In a signed group, this member has signed the message; in any other, any holder of the
  /// group secret could have made it.
  public var sender: MemberID { origin.sender }
  /// The sender's epoch.
  public var epoch: Epoch { origin.epoch }
  /// The sequence number of the record in that epoch, counted from 0.
  public var sequence: UInt64 { origin.sequence }
  /// The source address of the datagram. Not authenticated.
  public var source: Endpoint { origin.source }
  /// The kernel's number of the interface that the datagram arrived on; 0 if unknown.
  public var interface: UInt32 { origin.interface }
}
