/// A message from another member, as it was when its record authenticated.
public struct Message: Hashable, Sendable {
  /// Whose member ID the record carries. Any holder of the group secret could have made it.
  public let sender: MemberID
  /// The sender's epoch.
  public let epoch: Epoch
  /// The record's number in that epoch, counted from 0.
  public let sequence: UInt64
  /// The address that the datagram came from. It is not authenticated.
  public let source: Endpoint
  /// What the sender gave to `send`: 0...1359 bytes.
  public let payload: [UInt8]
}
