/// A notice as other programs are told of it.
package struct NoticeReport: Hashable, Sendable {
  /// What it is about, in a word that does not change.
  package let cause: String
  /// The member that it is about, if it is one.
  package let member: MemberID?
  /// Whether it is about the keys that members send with.
  package let isAboutKeys: Bool
  /// The notice as a line for a person.
  package let text: String

  /// All words that there are for causes, of those about keys or of the others.
  package static func causes(aboutKeys: Bool) -> [String] {
    Notice.Cause.allCases.filter { $0.isAboutKeys == aboutKeys }.map(\.rawValue)
  }

  init(_ notice: Notice, _ here: Notice.Surroundings) {
    let subject = notice.subject
    (cause, member, isAboutKeys) = (subject.cause.rawValue, subject.member, subject.cause.isAboutKeys)
    text = notice.text(here)
  }
}
