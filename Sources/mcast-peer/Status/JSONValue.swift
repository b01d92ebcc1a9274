/// A value of a JSON document, for the few documents that this command reads. Source: RFC 8259.
enum JSONValue: Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  /// The document is no JSON, or nests deeper than 16 levels.
  struct Malformed: Error, Equatable {
    /// The offset of the first unexpected byte.
    let offset: Int
  }

  /// Parses a document. Of equal keys in an object, the last one counts.
  init(_ document: [UInt8]) throws(Malformed) {
    var parser = JSONParser(document)
    self = try parser.document()
  }

  /// The member of an object; nil if there is none, or it is null.
  subscript(_ key: String) -> JSONValue? {
    guard case .object(let members) = self, let value = members[key], value != .null else { return nil }
    return value
  }

  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var number: Double? { if case .number(let value) = self { value } else { nil } }
  /// Nil also if the number is not whole, or outside the range of `Int`.
  var int: Int? { number.flatMap { Int(exactly: $0) } }
  var text: String? { if case .text(let value) = self { value } else { nil } }
  var list: [JSONValue]? { if case .list(let value) = self { value } else { nil } }
  var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }
}
