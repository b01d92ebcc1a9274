import MulticastDTLS
import SystemPackage

/// The check of the roster.
struct RosterCheck {
  /// The members, or the reason that the roster cannot be used.
  let members: Result<Members, RosterError>
  /// The path where a roster is looked for; nil if nowhere.
  let path: FilePath?

  /// True if there is a roster that can be used, or none.
  var isUsable: Bool { if case .success = members { true } else { false } }

  /// - Parameter own: This machine's member; nil if unknown.
  func findings(of own: MemberID?) -> [Finding] {
    switch members {
    case .failure(let error):
      return [
        .failure(
          "roster", "\(error)",
          "correct it: a running peer keeps its former roster meanwhile, and does not start with this one")
      ]
    case .success(let members):
      guard case .file(let file) = members.origin else {
        return path.map { [.ok("roster", "none at \($0)")] } ?? []
      }
      if let own, !members.all.contains(own) {
        return [
          .failure(
            "roster", "\(file) does not have member \(own), which does not start so",
            "add \(members.lineToAdd(for: own))")
        ]
      }
      let listeners = members.roster.listeners
      return [
        .ok(
          "roster", "\(file): members \(members.all)" + (listeners.isEmpty ? "" : ", of which \(listeners) only listen")
        )
      ]
    }
  }
}
