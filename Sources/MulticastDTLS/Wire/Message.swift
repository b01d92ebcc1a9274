/// A message from another member, as it was when its record authenticated.
public struct Message: Hashable, Sendable {
  /// Where a message comes from: all that is known of it besides what it says.
  public struct Origin: Hashable, Sendable {
    /// Whose member ID the record carries. Any holder of the group secret could have made it.
    public let sender: MemberID
    /// The sender's epoch.
    public let epoch: Epoch
    /// The record's number in that epoch, counted from 0.
    public internal(set) var sequence: UInt64
    /// The address that the datagram came from. It is not authenticated.
    public let source: Endpoint
    /// The kernel's number of the interface that the datagram came in by; 0 if it is not known.
    public internal(set) var interface: UInt32 = 0
  }

  /// Where it comes from.
  public let origin: Origin
  /// What the sender gave to `send`: 0...1359 bytes.
  public let payload: [UInt8]

  /// Whose member ID the record carries. Any holder of the group secret could have made it.
  public var sender: MemberID { origin.sender }
  /// The sender's epoch.
  public var epoch: Epoch { origin.epoch }
  /// The record's number in that epoch, counted from 0.
  public var sequence: UInt64 { origin.sequence }
  /// The address that the datagram came from. It is not authenticated.
  public var source: Endpoint { origin.source }
  /// The kernel's number of the interface that the datagram came in by; 0 if it is not known.
  public var interface: UInt32 { origin.interface }
}
