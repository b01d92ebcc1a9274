/// All that the receive side knows of one other member. Confined to the receive thread.
struct RemoteMember {
  let id: MemberID
  /// True if its records are accepted.
  private(set) var isFollowed: Bool
  /// The key that the member sends with; nil until it was heard. It may be a key that the ring no longer has.
  private(set) var sendingKeyID: KeyID?
  /// The accepted records that are not counted yet; see ``Receiver``.
  private(set) var run: ReceivedRun?

  /// One stream for each key of the ring, in its order.
  private var streams: [EpochStream] = []
  /// The place of the key that the member sends with; the first place if that key is unknown, or no longer in the ring.
  private var sendingSlot = 0
  /// The number of its last messages in a row that end like signed ones.
  private var trailers = 0
  /// The number that is no chance.
  private static let trailersOfSigner = 8
  /// The time of the last record under the key that the member sends with.
  private var lastHeard = BootInstant.now

  init(_ id: MemberID, isFollowed: Bool) {
    self.id = id
    self.isFollowed = isFollowed
  }

  /// Looks at a message that need not be signed.
  ///
  /// - Returns: True if the last messages all end like signed ones.
  mutating func looksSigned(_ message: UnsafeBufferPointer<UInt8>) -> Bool {
    guard unsafe SignatureTrailer(endOf: UnsafeRawBufferPointer(message)) != nil else {
      trailers = 0
      return false
    }
    trailers += 1
    return trailers.isMultiple(of: Self.trailersOfSigner)
  }

  /// Accepts these keys from now on, and no other; streams of keys that stay go on.
  mutating func accept(_ keys: [OpeningKey]) {
    // A member that was followed before keeps its positions: nothing that was accepted is accepted again later.
    guard isFollowed || !streams.isEmpty else { return }
    streams = keys.map { key in streams.first { $0.key === key } ?? EpochStream(key, of: id) }
    sendingSlot = streams.firstIndex { $0.key.keyID == sendingKeyID } ?? 0
  }

  /// Accepts its records from now on, or no longer.
  ///
  /// - Parameter keys: The keys of the ring.
  mutating func follow(_ isFollowed: Bool, _ keys: [OpeningKey]) {
    self.isFollowed = isFollowed
    accept(keys)
  }

  /// Opens a validated record: with the key that the member sends with, and with the others only if that key does not
  /// authenticate it.
  ///
  /// - Parameter payload: Receives the payload.
  /// - Throws: The rejection.
  mutating func open(
    _ datagram: UnsafeBufferPointer<UInt8>, header: RecordHeader, epoch: Epoch, from source: Endpoint,
    into payload: UnsafeMutableRawBufferPointer, now: BootInstant
  ) throws(Rejection) -> ReceivedRecord {
    var slot = sendingSlot
    for _ in streams.indices {
      do throws(RejectionReason) {
        var record = try unsafe streams[slot].open(
          datagram, header: header, epoch: epoch, into: payload, isKnown: sendingKeyID != nil, now: now)
        if sendingKeyID != record.keyID || record.isFirstOfEpoch {
          record.isRestart = record.isFirstOfEpoch && sendingKeyID == record.keyID
          record.isKeyChange = heard(under: record.keyID, slot, isFirstOfEpoch: record.isFirstOfEpoch, now: now)
        } else {
          lastHeard = now
        }
        if sendingKeyID != record.keyID { record.isStraggler = true }
        return record
      } catch .forged {
        slot = slot + 1 < streams.count ? slot + 1 : 0
      } catch {
        throw Rejection(
          error, header, source, laterEpoch: error == .staleEpoch ? streams[slot].current?.epoch : nil)
      }
    }
    throw Rejection(.forged, header, source)
  }

  /// Records an accepted record.
  ///
  /// The first record of an epoch moves the member to its key. Any other may be a delayed one: it moves the member only
  /// once nothing has come under the former key for as long as stragglers may take.
  ///
  /// - Returns: True if the member changed from another key to this one.
  private mutating func heard(under keyID: KeyID, _ slot: Int, isFirstOfEpoch: Bool, now: BootInstant) -> Bool {
    let former = sendingKeyID
    if let former, former != keyID, !isFirstOfEpoch, lastHeard.duration(to: now) < EpochStream.stragglerTime {
      return false
    }
    (sendingKeyID, sendingSlot, lastHeard) = (keyID, slot, now)
    return former != nil && former != keyID
  }

  /// The position of the member under a key, if this process has heard it under that key.
  func position(under key: OpeningKey) -> ReplayPosition? {
    streams.first { $0.key === key }?.position
  }

  /// Takes the last gap in the member's numbers under each key that was too long for loss.
  mutating func takeJumps() -> [SequenceJump] { streams.indices.compactMap { streams[$0].takeJump() } }

  // MARK: - The run

  /// Begins a run; the former one must have been taken.
  mutating func beginRun(_ run: ReceivedRun) {
    self.run = run
  }

  /// Adds a record to the run.
  ///
  /// - Returns: False if it does not continue the run, or there is none.
  mutating func continueRun(with record: ReceivedRecord, _ origin: Message.Origin, isDelivered: Bool) -> Bool {
    guard run?.continues(with: record, origin) == true else { return false }
    run?.add(record, origin, isDelivered: isDelivered)
    return true
  }

  /// Takes the run, to be counted.
  mutating func takeRun() -> ReceivedRun? {
    run.take()
  }
}
