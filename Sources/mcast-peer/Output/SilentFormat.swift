import MulticastDTLS

/// Writes nothing: messages are only counted.
struct SilentFormat: EventFormat {
  func received(_ origin: Message.Origin, _ payload: Span<UInt8>, _ text: inout [UInt8]) {}
}
