import Synchronization

/// Sends messages to the group, as many at a time as there are. Any thread may use it.
///
/// 1. Check the sizes of all messages, so that a bad one sends nothing.
/// 2. Seal as many as fit one batch, in order (see ``Sealer``).
/// 3. Remember the records, since multicast may loop them back.
/// 4. Hand the batch to the socket, and go on with the next.
///
/// A batch is what is ready now: nothing ever waits for more. The lock is held until the socket has the records, so that
/// they leave in the order of their numbers.
final class GroupTransmitter: Sendable {
  private let socket: MulticastSocket
  private let sent: SentRecords
  private let sealer: Mutex<Sealer?>
  /// The messages that the network took so far.
  private let count = Atomic(0)
  /// The size of the largest message in bytes: under another key it can be another.
  private let largest: Atomic<Int>
  private let outage = Outage()
  /// The reason for which it no longer sends, if it was not stopped.
  private let refusal = Mutex<StateError?>(nil)

  /// - Parameters:
  ///   - identity: The identity that signs the messages of a signed group.
  ///   - recordLimit: The number of records of an epoch; tests make it small.
  /// - Throws: ``StateError`` if there is no epoch to be had; ``WolfSSLError`` or ``LibcryptoError`` if nothing can be
  ///   sealed; ``SigningError`` if the group is signed, and there is no identity.
  init(
    _ key: RingKey, identity: Identity? = nil, socket: MulticastSocket, sent: SentRecords,
    recordLimit: UInt64 = RecordHeader.epochLimit
  ) throws {
    self.socket = socket
    self.sent = sent
    largest = Atomic(key.key.maximumMessage)
    sealer = Mutex(try Sealer(key, identity: identity, recordLimit: recordLimit))
  }

  /// The size of the largest message in bytes, under the key that it seals with now.
  var maximumPayload: Int { largest.load(ordering: .relaxed) }

  /// Sends one message at once.
  func send(_ payload: RawSpan) throws {
    try sealer.withLock { sealer in
      guard let limit = sealer?.maximumMessage else { throw failure ?? SendError.stopped }
      try SendError.check(payload.byteCount, limit: limit)
      try checkNetwork()
      _ = try sealer?.seal(payload)
      var receipt = SendReceipt(interface: socket.sendInterface)
      let failure = sealer?.flush(to: socket, sent, &receipt) ?? nil
      count.add(receipt.count, ordering: .relaxed)
      guard let failure else { return }
      outage.record(failure)
      throw failure
    }
  }

  /// Checks that the network is likely to take a message, before it costs a number.
  private func checkNetwork() throws(SystemError) {
    try outage.check()
    try socket.checkObstacle()
  }

  /// Sends messages in batches.
  ///
  /// - Returns: The records that the network took: of all messages, or of the first ones if it takes no more now.
  /// - Throws: If it took none.
  func send(_ payloads: [[UInt8]]) throws -> SendReceipt {
    var limit = maximumPayload
    for payload in payloads { try SendError.check(payload.count, limit: limit) }
    var receipt = SendReceipt(interface: socket.sendInterface)
    while receipt.count < payloads.count {
      let rest = payloads[receipt.count...]
      let failure = sealer.withLock { sealer -> (any Error)? in
        guard let present = sealer?.maximumMessage else { return self.failure ?? SendError.stopped }
        do {
          // The key has changed meanwhile, to one under which messages carry a signature.
          if present < limit { for payload in rest { try SendError.check(payload.count, limit: present) } }
          limit = present
          try checkNetwork()
        } catch {
          return error
        }
        let refusal = sealer?.seal(rest)
        // Messages that were sealed before a failure still leave.
        guard let failure = sealer?.flush(to: socket, sent, &receipt) else { return refusal }
        outage.record(failure)
        return failure
      }
      if let failure {
        if receipt.count == 0 { throw failure }
        break
      }
    }
    count.add(receipt.count, ordering: .relaxed)
    return receipt
  }

  /// The messages that the network took so far.
  var sentCount: Int { count.load(ordering: .relaxed) }

  // MARK: - Epochs and keys

  /// Seals with another key from now on, in an epoch that its keeper has reserved.
  ///
  /// - Throws: ``WolfSSLError`` or ``LibcryptoError`` if there can be no session; then the former key stays.
  func change(to key: RingKey, epoch: Epoch) throws {
    try sealer.withLock { sealer in
      try sealer?.move(to: key, epoch: epoch)
      largest.store(key.key.maximumMessage, ordering: .relaxed)
    }
  }

  /// Signs with another identity from now on.
  func sign(as identity: Identity) {
    sealer.withLock { $0?.sign(as: identity) }
  }

  /// Leaves an epoch in which another process has sent with our ID; see ``Sealer/abandon(_:keyID:)``. Nothing is sent
  /// meanwhile, and after an error nothing must be sent.
  func abandon(_ heard: Epoch, keyID: KeyID) throws -> (from: Epoch, to: Epoch)? {
    try sealer.withLock { try $0?.abandon(heard, keyID: keyID) }
  }

  /// True if it seals with a key, in an epoch that is not later than another.
  func sends(with keyID: KeyID, notAfter epoch: Epoch) -> Bool {
    sealer.withLock { sealer in
      sealer?.keyID == keyID && (sealer?.epoch).map { $0 <= epoch } == true
    }
  }

  // MARK: - The end

  /// The reason for which it no longer sends; nil as long as it does, and after ``stop()``.
  var failure: StateError? { refusal.withLock { $0 } }

  /// Stops sending, for a reason that every later `send` throws.
  func fail(_ error: StateError) {
    sealer.withLock { sealer in
      guard sealer != nil else { return }
      refusal.withLock { $0 = $0 ?? error }
      sealer = nil
    }
  }

  /// Stops sending.
  func stop() {
    sealer.withLock { $0 = nil }
  }
}

extension Sealer {
  /// Hands the batch to a socket, and adds the records that it took to a receipt.
  fileprivate mutating func flush(
    to socket: MulticastSocket, _ sent: SentRecords, _ receipt: inout SendReceipt
  ) -> SystemError? {
    defer { clear() }
    sent.remember(batch, keyID: keyID, epoch: epoch, from: first)
    let (count, failure) = socket.send(batch)
    receipt.add(count, epoch: epoch, from: first)
    return failure
  }
}
