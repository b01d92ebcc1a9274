extension StateDirectory {
  /// Foretells why a node that encrypts would not start with a secret; nil if it would. Nothing is locked and nothing written.
  ///
  /// - Parameters:
  ///   - member: The node's ID.
  ///   - keyID: The fingerprint of the secret that it sends with.
  package func refusal(of member: MemberID, keyID: KeyID) -> String? {
    var kept = StateKeeper.Kept(state: NodeState())
    do throws(StateError) {
      if let found = try StateFile.read(in: self, keyID: keyID, member: member) {
        (kept.state, kept.isCopy) = (found.state, found.isCopy)
      }
    } catch {
      return error.fault
    }
    kept.mark = MarkFile(in: self, keyID: keyID).read()
    kept.wasHeard = hasHeard(member, keyID: keyID)
    let identity = StateKeeper.Identity(keyID: keyID, member: member, isEncrypting: true)
    let remarks = StartRemarks(identity, kept.state, kept.mark, directory: self)
    return remarks.refusal(kept.verdict(for: identity, .nothing))
  }
}
