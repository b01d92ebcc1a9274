/// How far a record that another sent with our node ID is ahead of us. The others have heard it, too, and refuse as old
/// what this node sends from now on.
struct Overtaking: Hashable {
  let keyID: KeyID
  /// The epoch and number of the record.
  let epoch: Epoch
  let sequence: UInt64
  /// The epoch that this node sends in, and its next number there.
  let ownEpoch: Epoch
  let ownNext: UInt64

  /// The line for a person, up to what to do.
  func text(_ here: LocalMember, _ source: Endpoint) -> String {
    let key = keyID == here.keyIDs.first ? "" : ", with key ID \(keyID)"
    let ahead =
      epoch > ownEpoch
      ? "is of epoch \(epoch)\(key), and this node sends in epoch \(ownEpoch)"
      : "has number \(sequence) of epoch \(epoch)\(key), and this node is at \(ownNext)"
    return "the others no longer hear this node\(here.ownID): a record from \(source) in its name \(ahead). \(remedy)"
  }

  private var remedy: String {
    guard let next = epoch.next else {
      return "No later epoch is left, so that only a new secret helps: change it in the whole group, and find out who "
        + "else uses this ID"
    }
    let start = epoch > ownEpoch ? "Start it again with --epoch \(next), once" : "Start it again, in a later epoch"
    return "\(start); if no second node has this ID, a holder of the secret did it: change the secret"
  }
}
