import ArgumentParser

/// Reads one of the words that there are for a thing.
func choice<Value: CaseIterable & RawRepresentable<String>>(
  _ text: String, _ what: String
) throws -> Value {
  guard let value = Value(rawValue: text) else {
    throw ValidationError("give \(what) as \(Value.allCases.map(\.rawValue).joined(separator: " or "))")
  }
  return value
}

/// Reads a whole number in a range.
func number<Number: FixedWidthInteger>(
  _ text: String,
  in range: ClosedRange<Number>,
  _ what: String
) throws -> Number {
  guard let number = Number(text), range.contains(number) else {
    throw ValidationError("give \(what) as a whole number from \(range.lowerBound) to \(range.upperBound)")
  }
  return number
}
