/// A notice as other programs are told of it.
package struct NoticeReport: Hashable, Sendable {
  /// What it is about, in a word that does not change.
  package let cause: String
  /// The members that it is about.
  package let members: MemberSet
  /// Whether it is about the keys that members send with.
  package let isAboutKeys: Bool
  /// The interface that is sent on since; nil if that is the same as before.
  package let sendingInterface: String?
  /// The notice as a line for a person.
  package let text: String

  /// All words that there are for causes, of those about keys or of the others.
  package static func causes(aboutKeys: Bool) -> [String] {
    Notice.Cause.allCases.filter { $0.isAboutKeys == aboutKeys }.map(\.rawValue)
  }

  init(_ notice: Notice, _ here: Notice.Surroundings) {
    (cause, isAboutKeys) = (notice.cause.rawValue, notice.cause.isAboutKeys)
    members = notice.members
    sendingInterface = if case .network(let notice) = notice { notice.sendingInterface } else { nil }
    text = notice.text(here)
  }
}
