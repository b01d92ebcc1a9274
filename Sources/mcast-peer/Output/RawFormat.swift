import MulticastDTLS

/// What messages carry, and nothing else.
struct RawFormat: EventFormat {
  /// Whether each has a newline after it.
  let hasNewlines: Bool

  func received(_ origin: Message.Origin, _ payload: Span<UInt8>, _ text: inout [UInt8]) {
    unsafe payload.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
    if hasNewlines { text.append(UInt8(ascii: "\n")) }
  }
}
