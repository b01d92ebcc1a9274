import MulticastDTLS

/// Writes the payloads of messages, and no other event.
struct RawFormat: EventFormat {
  /// True to write a newline after each payload.
  let hasNewlines: Bool

  func received(_ origin: Message.Origin, _ payload: Span<UInt8>, _ text: inout [UInt8]) {
    unsafe payload.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
    if hasNewlines { text.append(UInt8(ascii: "\n")) }
  }
}
