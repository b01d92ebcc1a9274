import ArgumentParser

/// Parses one of the raw values of an enumeration.
func choice<Value: CaseIterable & RawRepresentable<String>>(
  _ text: String, _ name: String
) throws -> Value {
  guard let value = Value(rawValue: text) else {
    throw ValidationError("give \(name) as \(Value.allCases.map(\.rawValue).joined(separator: " or "))")
  }
  return value
}

/// Parses a whole number in a range.
func number<Number: FixedWidthInteger>(
  _ text: String,
  in range: ClosedRange<Number>,
  _ name: String
) throws -> Number {
  guard let number = Number(text), range.contains(number) else {
    throw ValidationError("give \(name) as a whole number from \(range.lowerBound) to \(range.upperBound)")
  }
  return number
}
