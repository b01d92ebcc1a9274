/// Why a datagram was not delivered.
public enum Refusal: String, Error, Hashable, Sendable, CaseIterable {
  /// It does not begin as a DTLS 1.2 application data record: someone else's traffic in the same group.
  case foreign
  /// It begins as one, but its length cannot be right, or its sequence is one that no sender reaches.
  case malformed
  /// It carries this node's own member ID: what it sent itself, looped back.
  case own
  /// It carries the member ID of nobody that is followed.
  case unknownMember = "unknown member"
  /// Its epoch is not the one that this sender uses now.
  case staleEpoch = "stale epoch"
  /// It is authentic, but was accepted before or is older than the replay window.
  case replayed
  /// It does not authenticate: made with another secret, or altered.
  case forged
  /// It is authentic, but the program took its messages too slowly and had no room for it.
  case overrun
}
