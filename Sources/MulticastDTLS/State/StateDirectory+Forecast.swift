extension StateDirectory {
  /// The start of a node that encrypts, as it is foretold.
  package enum Forecast: Hashable {
    /// It starts; if it has never sent, only what is known of its secret tells that.
    case starts
    /// It starts, and warns of this.
    case warns(String)
    /// It does not start.
    case refuses(String)
  }

  /// Foretells whether a node that encrypts would start with a secret. Nothing is locked and nothing written.
  ///
  /// - Parameters:
  ///   - member: The node's ID.
  ///   - keyID: The fingerprint of the secret that it sends with.
  package func forecast(of member: MemberID, keyID: KeyID) -> Forecast {
    var kept = StateKeeper.Kept(state: NodeState())
    kept.mark = MarkFile(in: self, keyID: keyID).read()
    do throws(StateError) {
      if let found = try StateFile.read(in: self, keyID: keyID, member: member) { kept.take(found, of: member) }
    } catch {
      return .refuses("\(error)")
    }
    kept.wasHeard = hasHeard(member, keyID: keyID)
    let identity = StateKeeper.Identity(keyID: keyID, member: member, isEncrypting: true)
    let remarks = StartWarnings(identity, kept.state, kept.mark, directory: self)
    let verdict = kept.verdict(for: identity, .nothing)
    if let refusal = remarks.refusal(verdict) { return .refuses(refusal) }
    return verdict == .leapFromCopy ? .warns(remarks.leap(verdict)) : .starts
  }
}
