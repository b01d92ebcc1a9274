/// The lead of a record that another process sent with our ID. The others have heard it, too, and reject ours as old from
/// now on.
public struct Overtaking: Hashable, Sendable {
  /// The key of the record.
  public let keyID: KeyID
  /// The epoch of the record.
  public let epoch: Epoch
  /// The sequence of the record.
  public let sequence: UInt64
  /// The epoch that this member sends in.
  public let ownEpoch: Epoch
  /// The next sequence of this member in its epoch.
  public let ownNext: UInt64
}
