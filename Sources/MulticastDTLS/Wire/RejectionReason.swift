/// The reason that a datagram was not delivered.
public enum RejectionReason: String, Error, Hashable, Sendable, CaseIterable {
  /// It does not begin as a DTLS 1.2 application data record: other traffic in the same group.
  case foreign
  /// It begins as a record, but has an impossible length, or a sequence number that no sender reaches.
  case malformed
  /// This member's own datagram, looped back by multicast; or a loopback self-test of this machine.
  case own
  /// It is authentic and carries this member's ID, but this member did not send it, or not from that address.
  case duplicateID = "own ID used by others"
  /// It is authentic, but this member does not listen to its sender.
  case unknownMember = "unknown member"
  /// It is authentic, but its sender has already been heard in a later epoch.
  case staleEpoch = "stale epoch"
  /// It is authentic, but was accepted before or is older than the replay window.
  case replayed
  /// It is authentic, but not encrypted while this member accepts only encrypted records, or the other way round. In a
  /// flood, most of these count as forged.
  case otherSuite = "other cipher suite"
  /// It does not authenticate: made with another secret, or altered.
  case forged
  /// It is authentic, but not signed, in a signed group.
  case unsigned
  /// It is authentic and signed, but there is no public key for its sender here that fits the signature.
  case noKey = "no key"
  /// It is authentic, but its signature is not that of the member that it names: another member made it, or the member has
  /// another key than is known here.
  case notBySender = "not by its sender"
  /// It is authentic, and its signature was not verified, since too many others from its source or of all sources were wrong.
  case unverified = "not verified"
  /// It is authentic, but there was no room for it: the program took its messages too slowly, or memory is short.
  case overrun
}
