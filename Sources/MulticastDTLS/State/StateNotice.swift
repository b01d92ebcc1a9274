/// A fact about the state on disk that a person should know.
public struct StateNotice: Hashable, Sendable {
  /// The setting that the notice is about.
  public enum Subject: Hashable, Sendable {
    /// ``StateDirectory``.
    case directory
    /// ``MulticastPeer/Configuration/epoch``.
    case epoch
    /// ``MulticastPeer/Configuration/isNewMember``.
    case newMember
    /// The group secret.
    case secret
  }

  /// One line for a person: the fact, its values, and a remedy.
  public let text: String
  /// True if it is a fault, or a likely one.
  public let isWarning: Bool
  /// The setting to look at.
  public let subject: Subject

  init(_ text: String, isWarning: Bool = true, _ subject: Subject) {
    self.text = text
    self.isWarning = isWarning
    self.subject = subject
  }

  /// Takes the notices of a state, on any thread.
  typealias Reporter = @Sendable (StateNotice) -> Void
}
