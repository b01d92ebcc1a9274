extension StateDirectory {
  /// The predicted result of the start of a member that encrypts.
  package enum Forecast: Hashable {
    /// It starts. If it has never sent, only the mark of its secret proves that.
    case starts
    /// It starts, with this warning.
    case warns(String)
    /// It refuses to start, for this reason.
    case refuses(String)
  }

  /// Predicts if a member that encrypts would start with a secret. Takes no lock and writes nothing.
  ///
  /// - Parameters:
  ///   - member: The ID of the member.
  ///   - keyID: The fingerprint of the secret that it sends with.
  package func forecast(of member: MemberID, keyID: KeyID) -> Forecast {
    var kept = StateKeeper.LoadedState(state: MemberState())
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
    return verdict == .leapFromCopy ? .warns(remarks.leap(verdict).text) : .starts
  }

  /// The warning about a file system that does not keep the directory; nil if there is none.
  package var durabilityWarning: String? { remark }
}
