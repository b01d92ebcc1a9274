import Synchronization

/// The sending side: seals messages and hands them to the socket, as many at a time as there are. It may be used from any
/// task or thread.
///
/// 1. Check all messages, so that bad ones send nothing.
/// 2. Seal what fits one batch, in order.
/// 3. Remember the records, since multicast may bring them back.
/// 4. Send the batch, and go on with the next.
///
/// A batch is what is there now: nothing ever waits for more.
package final class GroupTransmitter: Sendable {
  /// The most bytes that a message can have.
  let maximumPayload: Int

  private let socket: MulticastSocket
  private let sent: SentRecords
  private let outbound: Mutex<Sealing?>
  /// Why it sends no more, if that is not because it was stopped.
  private let refusal = Mutex<StateError?>(nil)

  /// By which a record that was sent is found on the wire.
  package typealias Number = (epoch: UInt16, sequence: UInt64)

  private struct Sealing: ~Copyable {
    var outbound: Outbound
    var batch = SendBatch()

    mutating func seal(_ payload: RawSpan) throws {
      try unsafe payload.withUnsafeBytes { payload in
        try unsafe batch.append { try unsafe outbound.seal(payload, into: $0) }
      }
    }

    /// Seals as many as fit a batch; one that cannot be sealed is the last.
    mutating func seal(_ payloads: ArraySlice<[UInt8]>) -> (any Error)? {
      // By span: the array's own iterator retains each of them.
      let payloads = payloads.span
      do {
        for index in 0..<min(payloads.count, SendBatch.capacity) {
          try unsafe seal(payloads[index].span.bytes)
        }
        return nil
      } catch {
        return error
      }
    }

    /// Sends all that was sealed.
    ///
    /// - Parameter isTelling: Whether to tell the numbers of the records that the network took.
    mutating func leave(
      _ socket: MulticastSocket, _ sent: SentRecords, isTelling: Bool = false
    ) -> (sent: Int, failure: SystemError?, numbers: [Number]) {
      defer { batch.clear() }
      sent.remember(batch, keyID: outbound.keyID)
      let (count, failure) = socket.send(batch)
      var numbers: [Number] = []
      if isTelling {
        unsafe batch.forEach { record in
          guard numbers.count < count, let header = unsafe RecordHeader(record.bindMemory(to: UInt8.self).span)
          else { return }
          numbers.append((header.epoch, header.sequence))
        }
      }
      return (count, failure, numbers)
    }
  }

  /// - Parameter recordLimit: How many records an epoch may have; tests make it small.
  /// - Throws: ``StateError`` if there is no epoch to be had; ``WolfSSLError`` or ``LibcryptoError`` if
  ///   nothing can be sealed.
  init(
    _ held: RingKey, socket: MulticastSocket, sent: SentRecords, recordLimit: UInt64 = RecordHeader.epochLimit
  ) throws {
    self.socket = socket
    self.sent = sent
    maximumPayload = held.key.context.suite.maximumPayload
    outbound = Mutex(Sealing(outbound: try Outbound(held, recordLimit: recordLimit)))
  }

  /// Sends one message at once.
  package func send(_ payload: [UInt8]) throws {
    try outbound.withLock { sealing in
      guard sealing != nil else { throw failure ?? SendError.stopped }
      // Under the lock until the socket has it, so that records leave in the order of their numbers.
      try unsafe sealing?.seal(payload.span.bytes)
      let failure = sealing?.leave(socket, sent).failure
      if let failure { throw failure }
    }
  }

  /// Sends messages in batches, and returns how many the network took.
  package func send(_ payloads: [[UInt8]]) throws -> Int {
    var numbers: [Number]?
    return try send(payloads, telling: &numbers)
  }

  /// Sends messages in batches, and returns how many the network took.
  ///
  /// - Parameter numbers: Gets the number of each of them, unless it is nil.
  package func send(_ payloads: [[UInt8]], telling numbers: inout [Number]?) throws -> Int {
    for payload in payloads { try SendError.check(payload.count, limit: maximumPayload) }
    var taken = 0
    while taken < payloads.count {
      let rest = payloads[taken...]
      let isTelling = numbers != nil
      let (sent, failure, told) = outbound.withLock { sealing -> (Int, (any Error)?, [Number]) in
        guard sealing != nil else { return (0, self.failure ?? SendError.stopped, []) }
        let failure = sealing?.seal(rest)
        // What was sealed before leaves all the same.
        let (sent, refusal, told) = sealing?.leave(socket, self.sent, isTelling: isTelling) ?? (0, nil, [])
        return (sent, failure ?? refusal, told)
      }
      numbers? += told
      taken += sent
      if let failure {
        if taken == 0 { throw failure }
        break
      }
    }
    return taken
  }

  /// Seals with another key from now on, in an epoch that its keeper has handed out.
  ///
  /// - Throws: ``WolfSSLError`` or ``LibcryptoError`` if there can be no session; then the former key stays.
  func change(to held: RingKey, epoch: Epoch) throws {
    try outbound.withLock { try $0?.outbound.change(to: held, epoch: epoch) }
  }

  /// Leaves an epoch in which somebody else has sent with our ID, for one far after it. Nothing is sent meanwhile.
  ///
  /// - Returns: The epoch that was left, and the one to go on in; nil if the records of this key are in a later one already,
  ///   or made with another key.
  /// - Throws: ``StateError`` if there is no such epoch, ``WolfSSLError`` or ``LibcryptoError`` if there can be no session;
  ///   then nothing must be sent any more.
  func leave(_ heard: Epoch, keyID: KeyID) throws -> (from: Epoch, to: Epoch)? {
    try outbound.withLock { try $0?.outbound.leave(heard, keyID: keyID) }
  }

  /// True if records are made with a key, in an epoch that is not later than another.
  func sends(with keyID: KeyID, notAfter epoch: Epoch) -> Bool {
    outbound.withLock { $0?.outbound.keyID == keyID && $0?.outbound.isInEpoch(notAfter: epoch) == true }
  }

  /// Why it sends no more; nil as long as it does, and after ``stop()``.
  var failure: StateError? { refusal.withLock { $0 } }

  /// Sends no more, for a reason that whoever sends is told.
  func fail(_ error: StateError) {
    outbound.withLock { sealing in
      guard sealing != nil else { return }
      refusal.withLock { $0 = $0 ?? error }
      sealing = nil
    }
  }

  /// Sends no more.
  func stop() {
    outbound.withLock { $0 = nil }
  }
}
