extension MulticastPeer {
  /// The size of the largest message in bytes: 1343 authenticated, 1359 encrypted; signed 1156 and 1172. It changes with
  /// ``rotate(to:)-2tzrn`` between a signed secret and another.
  public var maximumPayload: Int {
    sender.transmitter?.maximumPayload ?? configuration.suite.maximumPayload
  }

  /// Sends one message, as one datagram, at once; see ``MessageSender/send(_:)-(RawSpan)``.
  public func send(_ payload: RawSpan) throws(PeerError) { try sender.send(payload) }

  /// Sends one message, as one datagram, at once; see ``MessageSender/send(_:)-(RawSpan)``.
  public func send(_ payload: Span<UInt8>) throws(PeerError) { try sender.send(payload) }

  /// Sends one message, as one datagram, at once; see ``MessageSender/send(_:)-(RawSpan)``.
  public func send(_ payload: [UInt8]) throws(PeerError) { try sender.send(payload) }

  /// Sends one message, as one datagram, at once; see ``MessageSender/send(_:)-(RawSpan)``.
  public func send(_ payload: some Collection<UInt8>) throws(PeerError) { try sender.send(payload) }

  /// Sends a text, as UTF-8.
  public func send(_ text: String) throws(PeerError) { try sender.send(text) }

  /// Sends messages, each as one datagram, in order; see ``MessageSender/send(_:)-([[UInt8]])``.
  public func send(_ payloads: [[UInt8]]) throws(PeerError) -> SendReceipt { try sender.send(payloads) }

  /// Sends messages, each as one datagram, in order; see ``MessageSender/send(_:)-([[UInt8]])``.
  public func send(_ payloads: some Sequence<some Collection<UInt8>>) throws(PeerError) -> SendReceipt {
    try sender.send(payloads)
  }
}
