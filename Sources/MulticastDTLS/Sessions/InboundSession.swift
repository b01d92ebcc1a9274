import CWolfSSL

/// Opens the records of one sender in one epoch. Only the receive loop's thread uses it.
///
/// Each sender has its own, so that it has its own replay window and what goes wrong with it stays there.
final class InboundSession {
  /// The epoch whose records the session opens.
  let epoch: Epoch

  private let sender: MemberID
  private let context: DTLSContext
  private var session: Session
  private var window = ReplayWindow()

  /// Makes a session for the records of one other member.
  ///
  /// - Throws: ``WolfSSLError`` if wolfSSL cannot make it.
  init(_ context: DTLSContext, sender: MemberID, epoch: Epoch) throws(WolfSSLError) {
    self.context = context
    self.sender = sender
    self.epoch = epoch
    session = try context.makeSession(epoch: epoch, sender: sender)
  }

  /// Opens an admitted record: its payload, or why there is none.
  func open(_ record: UnsafeBufferPointer<UInt8>, header: RecordHeader) -> Result<[UInt8], Refusal> {
    let isFresh = window.isFresh(header.sequence)
    let payloadCount = header.length - context.suite.tagSize
    // wolfSSL is silent about a replay (where it sees one: see ReplayWindow) and about a record without payload alike,
    // so these two are judged here.
    guard isFresh, payloadCount > 0 else {
      guard unsafe context.authenticator.isAuthentic(record, header: header) else { return .failure(.forged) }
      guard isFresh else { return .failure(.replayed) }
      window.accept(header.sequence)
      return .success([])
    }

    var result = Session.ReadResult.refused
    let payload = unsafe [UInt8](unsafeUninitializedCapacity: payloadCount) { buffer, count in
      result = unsafe session.read(record, into: UnsafeMutableRawBufferPointer(buffer))
      if case .payload(let stored) = result { count = stored }
    }
    switch result {
    case .payload:
      window.accept(header.sequence)
      return .success(payload)
    case .refused:
      return .failure(.forged)
    case .broken:
      // Admission leaves nothing that can do this. If wolfSSL finds something all the same, the session is replaced
      // at once (or at the next record, if memory is short), and the window still knows what was accepted.
      if let replacement = try? context.makeSession(epoch: epoch, sender: sender) { session = replacement }
      return .failure(.malformed)
    }
  }
}
