internal import CommonSupport

/// A reason to doubt that a secret is the text that a person meant. The character still counts.
public enum SecretWarning: CaseIterable, Sendable {
  /// It begins or ends with a space or a tab.
  case blankEnd
  /// It ends with a carriage return, as lines of a Windows file do.
  case carriageReturn
  /// It begins or ends with another invisible character, such as a no-break space.
  case invisibleEnd
  /// It begins or ends with a quotation mark, which environment files take literally.
  case quote
  /// It has a control character elsewhere.
  case control
}

extension GroupSecret {
  /// The reasons to doubt this secret; none for most. Copies nothing of it except one character at each end.
  public var warnings: [SecretWarning] {
    unsafe bytes.withBytes { bytes in
      let ends = unsafe [Self.first(of: bytes), Self.last(of: bytes)].compactMap(\.self)
      let inner = unsafe bytes.dropFirst().dropLast()
      return SecretWarning.allCases.filter { doubt in
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
    // The last byte that is not a continuation byte begins the last character.
    let start = unsafe bytes.lastIndex { $0 & 0xC0 != 0x80 } ?? bytes.startIndex
    let whole = unsafe scalar(of: bytes[start...])
    // Bytes left over after that character are not UTF-8.
    guard let whole, UTF8.width(whole) == bytes.count - start else {
      return unsafe bytes.last.map { Unicode.Scalar($0) }
    }
    return whole
  }

  /// The first character of some bytes; of bytes that are not UTF-8, that of Latin-1.
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
