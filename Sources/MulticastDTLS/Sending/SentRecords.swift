import Synchronization

/// Recently sent records. Tells our own looped-back records from those of another process with the same member ID.
final class SentRecords: Sendable {
  /// The origin of a record with our member ID.
  enum Verdict {
    /// This process sent it.
    case ours
    /// Another process sent it.
    case notOurs
    /// This process may have sent the same record: from another address, longer ago than it remembers, or before its start.
    case repeated
  }

  /// The number of remembered records. A clone that is further behind is known by its first record.
  static let capacity = 65_536

  /// The records sent with one key.
  private struct Run {
    let keyID: KeyID
    /// The first epoch that this process sends in.
    let firstEpoch: UInt16
    /// The epoch of the latest record; before any, the epoch to begin in.
    var epoch: UInt16
    var next: UInt64 = 0

    /// True if this process has sent a record with this number.
    func includes(_ header: RecordHeader) -> Bool {
      header.epoch >= firstEpoch && (header.epoch < epoch || header.epoch == epoch && header.sequence < next)
    }
  }

  private struct Sent {
    /// Of each, the last 8 bytes of its tag and its number in one: another record agrees once in 2^64.
    var entries = [UInt64](repeating: 0, count: capacity)
    /// Few: one for each key that this process has had. To look one up by its hash would take longer than a whole record.
    var runs: [Run] = []
    /// The key of the latest record.
    var latest: KeyID?

    func place(of keyID: KeyID) -> Int? {
      runs.firstIndex { $0.keyID == keyID }
    }
  }

  private let port: UInt16
  private let sent = Mutex(Sent())

  /// - Parameter port: The UDP port that this process sends from.
  init(port: UInt16) {
    self.port = port
  }

  /// Records a key, and the first epoch in which this process can send with it. Again changes nothing.
  func prepare(_ keyID: KeyID, epoch: Epoch) {
    sent.withLock { sent in
      guard sent.place(of: keyID) == nil else { return }
      sent.runs.append(Run(keyID: keyID, firstEpoch: epoch.rawValue, epoch: epoch.rawValue))
    }
  }

  /// Records all keys of a ring.
  func prepare(_ ring: [RingKey]) {
    for held in ring { prepare(held.keyID, epoch: held.keeper.nextEpoch ?? .last) }
  }

  /// Remembers a batch of records, before it is sent: a record can loop back before the call that sent it returns.
  ///
  /// - Parameter first: The sequence of the first record; the others follow without a gap.
  func remember(_ batch: borrowing SendBatch, keyID: KeyID, epoch: Epoch, from first: UInt64) {
    if batch.count == 0 { return }
    sent.withLock { sent in
      var sequence = first
      unsafe batch.forEach { record in
        sent.entries[Self.place(of: sequence)] = unsafe Self.entry(of: record)
        sequence += 1
      }
      sent.latest = keyID
      if let place = sent.place(of: keyID) {
        (sent.runs[place].epoch, sent.runs[place].next) = (epoch.rawValue, sequence)
      }
    }
  }

  /// Classifies a validated record with our ID before any cryptography; nil if only that can tell.
  func classify(_ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, from source: Endpoint) -> Verdict? {
    let entry = unsafe Self.entry(of: UnsafeRawBufferPointer(record))
    let isRemembered = sent.withLock {
      $0.entries[Self.place(of: header.sequence)] == entry
    }
    // Another process with our ID may send the same message. Looped-back records come from our port.
    return isRemembered ? (source.port == port ? .ours : .repeated) : nil
  }

  /// Classifies a record that is not remembered, and that a key has authenticated.
  func classify(_ header: RecordHeader, keyID: KeyID, from source: Endpoint) -> Verdict {
    sent.withLock { sent in
      guard let run = sent.place(of: keyID).map({ sent.runs[$0] }) else { return .repeated }
      let isLater = header.epoch > run.epoch || header.epoch == run.epoch && header.sequence >= run.next
      // A record of ours this young would be remembered.
      let isYoung =
        keyID == sent.latest && header.epoch == run.epoch && header.sequence + UInt64(Self.capacity) >= run.next
      if isLater || isYoung { return .notOurs }
      // A receive loop that is behind finds our own records older than that.
      return source.port == port && run.includes(header) ? .ours : .repeated
    }
  }

  /// True if this process sends with a key in this epoch, or begins in it.
  func isCurrent(_ epoch: UInt16, of keyID: KeyID) -> Bool {
    sent.withLock { sent in sent.place(of: keyID).map { sent.runs[$0].epoch == epoch } ?? false }
  }

  /// The lead of an authentic record with our ID that this process did not send; nil if the others still accept ours.
  func overtaking(by header: RecordHeader, keyID: KeyID) -> Overtaking? {
    guard let epoch = Epoch(rawValue: header.epoch), let run = sent.withLock({ $0.runs.first { $0.keyID == keyID } }),
      let ownEpoch = Epoch(rawValue: run.epoch),
      // The others still accept records less than a window behind it.
      epoch > ownEpoch || epoch == ownEpoch && header.sequence >= run.next + ReplayWindow.size
    else { return nil }
    return Overtaking(
      keyID: keyID, epoch: epoch, sequence: header.sequence, ownEpoch: ownEpoch, ownNext: run.next)
  }

  private static func place(of sequence: UInt64) -> Int {
    Int(sequence % UInt64(capacity))
  }

  private static func entry(of record: UnsafeRawBufferPointer) -> UInt64 {
    // Bytes 3 to 10 are epoch, member and sequence.
    unsafe integer(record, at: 3) ^ integer(record, at: record.count - 8)
  }

  private static func integer(_ record: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
    unsafe record.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }
}
