/// Why a datagram was not delivered.
public enum RejectionReason: String, Error, Hashable, Sendable, CaseIterable {
  /// It does not begin as a DTLS 1.2 application data record: someone else's traffic in the same group.
  case foreign
  /// It begins as one, but its length cannot be right, or its sequence is one that no sender reaches.
  case malformed
  /// This node sent it itself, and multicast brings it back; or it is a self-test of `mcast-peer doctor` on this machine.
  case own
  /// It is authentic and carries this node's member ID, but this node did not send it, or not from there.
  case duplicateID = "own ID used by others"
  /// It is authentic, but its sender is not one of those that are followed.
  case unknownMember = "unknown member"
  /// It is authentic, but its sender has been heard in a later epoch.
  case staleEpoch = "stale epoch"
  /// It is authentic, but was accepted before or is older than the replay window.
  case replayed
  /// It is authentic, but not encrypted where this node takes encrypted records only, or the other way round. In a
  /// flood, most of these are counted as forged.
  case otherSuite = "other cipher suite"
  /// It does not authenticate: made with another secret, or altered.
  case forged
  /// It is authentic, but there was no room for it: the program took its messages too slowly, or memory is short.
  case overrun
}
