/// The public keys of one member: one, or two while it changes its identity.
public struct MemberKeys: Hashable, Sendable {
  /// The keys, one or two.
  public var all: [PublicKey] { [first] + (second.map { [$0] } ?? []) }

  let first: PublicKey
  let second: PublicKey?

  /// Takes one key, or two. The same key twice counts once.
  public init(_ first: PublicKey, _ second: PublicKey? = nil) {
    self.first = first
    self.second = second == first ? nil : second
  }

  /// True if one of the keys is this one.
  public func contains(_ key: PublicKey) -> Bool { first == key || second == key }

  /// True if a body is true of one of the keys with a tag. Two keys can have the same.
  func contains(tagged tag: UInt8, where body: (PublicKey) -> Bool) -> Bool {
    if first.tag == tag, body(first) { return true }
    if let second, second.tag == tag { return body(second) }
    return false
  }
}
