/// Quotes values, and caches the last one: consecutive events mostly repeat it.
struct LastValue<Value: Equatable & CustomStringConvertible & Sendable>: Sendable {
  private var last: (value: Value, quoted: [UInt8])?

  mutating func quoted(_ value: Value) -> [UInt8] {
    if let last, last.value == value { return last.quoted }
    var quoted: [UInt8] = []
    JSONLine.appendQuoted(value.description, to: &quoted)
    last = (value, quoted)
    return quoted
  }
}
