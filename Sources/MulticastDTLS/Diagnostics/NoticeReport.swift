/// A notice as other programs are told of it.
package struct NoticeReport: Hashable, Sendable {
  /// What it is about, in a word that does not change.
  package let cause: String
  /// The members that it is about.
  package let members: MemberSet
  /// Whether it is about the keys that members send with.
  package let isAboutKeys: Bool
  /// True if an interface may be another, or have another name, since.
  package let isAboutNetwork: Bool
  /// The notice as a line for a person.
  package let text: String

  /// All words that there are for causes, of those about keys or of the others.
  package static func causes(aboutKeys: Bool) -> [String] {
    Notice.Cause.allCases.filter { $0.isAboutKeys == aboutKeys }.map(\.rawValue)
  }

  init(_ notice: Notice, _ here: LocalMember) {
    (cause, isAboutKeys) = (notice.cause.rawValue, notice.cause.isAboutKeys)
    members = notice.members
    isAboutNetwork = if case .network = notice { true } else { false }
    text = notice.text(here)
  }
}
