/// A reason to doubt that a secret is the text that a person meant. The character counts all the same.
package enum SecretDoubt: CaseIterable, Sendable {
  /// It begins or ends with a space or a tab.
  case blankEnd
  /// It ends with a carriage return, as lines of a Windows file do.
  case carriageReturn
  /// It begins or ends with another character that nobody sees, such as a no-break space.
  case invisibleEnd
  /// It begins or ends with a quotation mark, which environment files take as it is.
  case quote
  /// It has a control character elsewhere.
  case control
}

extension GroupSecret {
  /// The reasons to doubt this secret; none for most. Nothing of it is copied but one character at each end.
  package var doubts: [SecretDoubt] {
    unsafe text.withBytes { bytes in
      let ends = unsafe [Self.first(of: bytes), Self.last(of: bytes)].compactMap(\.self)
      let inner = unsafe bytes.dropFirst().dropLast()
      return SecretDoubt.allCases.filter { doubt in
        switch doubt {
        case .blankEnd: ends.contains(where: Self.blanks.contains)
        case .carriageReturn: ends.last == "\r"
        case .invisibleEnd: ends.contains { $0.isInvisible && !Self.blanks.contains($0) } && ends.last != "\r"
        case .quote: ends.contains { $0.properties.isQuotationMark || $0 == "`" }
        case .control: unsafe inner.contains { $0 < 0x20 && $0 != UInt8(ascii: "\t") || $0 == 0x7F }
        }
      }
    }
  }

  private static let blanks: [Unicode.Scalar] = [" ", "\t"]

  private static func first(of bytes: UnsafeRawBufferPointer) -> Unicode.Scalar? {
    unsafe scalar(of: bytes[...])
  }

  private static func last(of bytes: UnsafeRawBufferPointer) -> Unicode.Scalar? {
    // The character's first byte is the last one that continues none.
    let start = unsafe bytes.lastIndex { $0 & 0xC0 != 0x80 } ?? bytes.startIndex
    let whole = unsafe scalar(of: bytes[start...])
    // What is left over behind it is no UTF-8.
    guard let whole, UTF8.width(whole) == bytes.count - start else {
      return unsafe bytes.last.map { Unicode.Scalar($0) }
    }
    return whole
  }

  /// The character that some bytes begin with; of what is no UTF-8, that of Latin-1.
  private static func scalar(of bytes: Slice<UnsafeRawBufferPointer>) -> Unicode.Scalar? {
    var parser = Unicode.UTF8.ForwardParser()
    var input = unsafe bytes.makeIterator()
    return switch unsafe parser.parseScalar(from: &input) {
    case .valid(let encoded): Unicode.UTF8.decode(encoded)
    case .error: unsafe bytes.first.map { Unicode.Scalar($0) }
    case .emptyInput: nil
    }
  }
}
