/// The ID of one member of a group, 0...255: the top byte of a record's 48-bit sequence number.
///
/// Source: draft-keoh-dice-multicast-security; the wolfSSL manual, `wolfSSL_CTX_mcast_set_member_id`.
public struct MemberID: RawRepresentable, Hashable, Comparable, Sendable {
  /// The ID as in byte 5 of a record.
  public let rawValue: UInt8

  /// Creates an ID from its byte; every byte is an ID.
  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Parses a decimal ID.
  ///
  /// - Throws: ``InvalidValue`` if the text is not a whole number from 0 to 255.
  public init(_ text: some StringProtocol) throws(InvalidValue) {
    guard let number = UInt8(decimal: text) else {
      throw InvalidValue("'\(text)' is not a member ID: give a whole number from 0 to 255")
    }
    self.init(rawValue: number)
  }

  /// Orders IDs by their number.
  public static func < (left: MemberID, right: MemberID) -> Bool {
    left.rawValue < right.rawValue
  }
}

extension MemberID: ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// Creates an ID from a literal; one that is not in 0...255 does not compile.
  public init(integerLiteral value: UInt8) {
    self.init(rawValue: value)
  }

  /// The ID in decimal.
  public var description: String {
    String(rawValue)
  }
}

extension FixedWidthInteger {
  /// Parses digits and nothing else; `init(_:)` would accept a sign too.
  init?(decimal text: some StringProtocol) {
    guard text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
    self.init(text)
  }
}
