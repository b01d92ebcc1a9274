/// The epoch of a record, 1...65535. In each epoch a member's sequence numbers start at 0.
///
/// Epoch 0 is DTLS's epoch without keys, so it carries no data. Source: RFC 6347 section 4.1.
public struct Epoch: Hashable, Comparable, Sendable {
  /// The epoch as in bytes 3 and 4 of a record.
  public let rawValue: UInt16

  /// The first epoch of a group, which the C example never leaves.
  public static let first = Epoch(unchecked: 1)

  /// The last possible epoch: after it the group needs a new secret.
  public static let last = Epoch(unchecked: .max)

  /// Creates an epoch from its number.
  ///
  /// - Throws: ``InvalidValue`` if the number is not in 1...65535.
  public init(_ number: some BinaryInteger) throws(InvalidValue) {
    guard let rawValue = UInt16(exactly: number), rawValue > 0 else {
      throw InvalidValue("\(number) is not an epoch: give a whole number from 1 to 65535")
    }
    self.rawValue = rawValue
  }

  /// The epoch after this one; nil after 65535, the last.
  public var next: Epoch? {
    self == .last ? nil : Epoch(unchecked: rawValue + 1)
  }

  /// The epoch before this one; nil before 1, the first.
  var previous: Epoch? {
    self == .first ? nil : Epoch(unchecked: rawValue - 1)
  }

  /// A random epoch, 64 to 1000 past another, so that two processes do not choose the same. Nil if too few are left.
  static func leap(past last: Epoch?) -> Epoch? { leap(past: last, atMost: 1000) }

  private static func leap(past last: Epoch?, atMost distance: UInt16) -> Epoch? {
    let used = last?.rawValue ?? 0
    let left = UInt16.max - used
    return left < 128 ? nil : Epoch(unchecked: used + .random(in: 64...min(distance, left)))
  }

  /// A random epoch past all that a member has likely used: one of 1064 to 9192, or later. Nil if too few are left.
  static func far(past last: Epoch?) -> Epoch? {
    leap(past: max(last ?? .first, Epoch(unchecked: 1000)), atMost: 8192)
  }

  private init(unchecked rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// Takes the epoch of a header; nil if it is 0, which no member sends in.
  init?(rawValue: UInt16) {
    guard rawValue > 0 else { return nil }
    self.rawValue = rawValue
  }

  /// Orders epochs by their number.
  public static func < (left: Epoch, right: Epoch) -> Bool {
    left.rawValue < right.rawValue
  }
}

extension Epoch: CustomStringConvertible {
  /// The epoch in decimal.
  public var description: String {
    String(rawValue)
  }
}
