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
    do throws(StateError) {
      if let found = try StateFile.read(in: self, keyID: keyID, member: member) {
        (kept.state, kept.isCopy) = (found.state, found.isCopy)
      }
    } catch {
      return .refuses("\(error)")
    }
    kept.mark = MarkFile(in: self, keyID: keyID).read()
    kept.wasHeard = hasHeard(member, keyID: keyID)
    let identity = StateKeeper.Identity(keyID: keyID, member: member, isEncrypting: true)
    let remarks = StartRemarks(identity, kept.state, kept.mark, directory: self)
    let verdict = kept.verdict(for: identity, .nothing)
    if let refusal = remarks.refusal(verdict) { return .refuses(refusal) }
    return verdict == .leapFromCopy ? .warns(remarks.leap(verdict)) : .starts
  }

  /// True if nothing here tells of any node that it may start with a secret and encrypt: the secret was not made here, and no
  /// node has sent with it from here.
  package func knowsNothing(of keyID: KeyID) -> Bool {
    MarkFile(in: self, keyID: keyID).read()?.isMadeHere != true
      && (0...UInt8.max).allSatisfy { forecast(of: MemberID(rawValue: $0), keyID: keyID) != .starts }
  }
}
