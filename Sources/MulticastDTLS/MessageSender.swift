/// Sends messages as a peer does. A handler gets one, so that it can answer without holding the peer.
public struct MessageSender: Sendable {
  /// Nil if the peer only listens.
  let transmitter: GroupTransmitter?

  /// Sends one message, as one datagram, at once.
  ///
  /// - Throws: ``PeerError/Code/emptyMessage`` or ``PeerError/Code/messageTooLong``; ``PeerError/Code/system`` if the network
  ///   does not take it now; ``PeerError/Code/state`` if it needs a new epoch (every 2^32 messages) and there is none, or
  ///   another process sends with this ID; ``PeerError/Code/cryptography`` if it cannot be sealed; ``PeerError/Code/listening``
  ///   and ``PeerError/Code/stopped``.
  public func send(_ payload: RawSpan) throws(PeerError) {
    do { try working.send(payload) } catch { throw PeerError(error) }
  }

  /// Sends one message, as one datagram, at once; see ``send(_:)-(RawSpan)``.
  public func send(_ payload: Span<UInt8>) throws(PeerError) {
    try unsafe send(payload.bytes)
  }

  /// Sends one message, as one datagram, at once; see ``send(_:)-(RawSpan)``.
  public func send(_ payload: [UInt8]) throws(PeerError) {
    try unsafe send(payload.span.bytes)
  }

  /// Sends one message, as one datagram, at once; see ``send(_:)-(RawSpan)``.
  public func send(_ payload: some Collection<UInt8>) throws(PeerError) {
    try send(Array(payload))
  }

  /// Sends a text, as UTF-8.
  public func send(_ text: String) throws(PeerError) {
    try send(text.utf8)
  }

  /// Sends messages, each as one datagram, in order and in as few passes through the kernel as it allows: several times
  /// faster than one by one, and the same for receivers.
  ///
  /// If the send buffer is full, it waits up to 100 ms for room, and for the disk where a new epoch begins.
  ///
  /// - Returns: The records of the messages that the network took: of all, or of the first ones. Send the rest again: if
  ///   that cannot be sent at all, the next call throws the reason.
  ///   Up to a batch of the messages after those may have consumed sequence numbers already; receivers count them as lost.
  /// - Throws: If nothing was sent: the first error of those of ``send(_:)-(RawSpan)``.
  public func send(_ payloads: [[UInt8]]) throws(PeerError) -> SendReceipt {
    do { return try working.send(payloads) } catch { throw PeerError(error) }
  }

  /// Sends messages of any collections of bytes; see ``send(_:)-([[UInt8]])``.
  public func send(_ payloads: some Sequence<some Collection<UInt8>>) throws(PeerError) -> SendReceipt {
    try send(payloads.map { Array($0) })
  }

  private var working: GroupTransmitter {
    get throws(SendError) {
      guard let transmitter else { throw .listening }
      return transmitter
    }
  }
}
