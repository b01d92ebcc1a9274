/// Opens the records of one member in one epoch of one key, each once. Confined to the receive thread.
///
/// Its wolfSSL session (54 kB, 35 to 80 us) is made once a first record has authenticated without one, so that no forgery
/// costs more than the check of its tag.
struct EpochWindow {
  /// The epoch whose records it opens.
  let epoch: Epoch

  private let key: OpeningKey
  private let sender: MemberID
  private var session: Session?
  private var window: ReplayWindow
  /// The first number at which a gap counts as loss; nil until the first record.
  private var gapsCountFrom: UInt64?
  /// True if a record was accepted here, and not by an earlier process only.
  private var isHeard = false
  /// The last gap that was too long for loss, until it is taken.
  private(set) var jump: SequenceJump?

  /// - Parameters:
  ///   - next: One more than the highest number that an earlier process accepted in the epoch.
  ///   - isFromStart: True if this process was there when the member began the epoch, so that it should have all of it.
  init(
    _ key: OpeningKey, sender: MemberID, epoch: Epoch, resumingAt next: UInt64? = nil, isFromStart: Bool = false
  ) {
    self.key = key
    self.sender = sender
    self.epoch = epoch
    window = next.map { ReplayWindow(resumingAt: $0) } ?? ReplayWindow()
    gapsCountFrom = isFromStart ? 0 : nil
  }

  /// The position of the member in the epoch; nil until a record was accepted here.
  var position: ReplayPosition? {
    isHeard ? ReplayPosition(epoch: epoch, next: window.next) : nil
  }

  /// Opens a validated record.
  ///
  /// - Parameter payload: Receives the payload; it must have room for the largest.
  /// - Throws: The reason to reject it.
  mutating func open(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, into payload: UnsafeMutableRawBufferPointer
  ) throws(RejectionReason) -> ReceivedRecord {
    let isFresh = window.isFresh(header.sequence)
    let payloadCount = header.length - key.tagSize
    // wolfSSL returns the same for a replay (where it sees one: see ReplayWindow), a forgery and an empty payload.
    if !isFresh || payloadCount == 0 || session == nil {
      guard unsafe key.isAuthentic(record) else { throw .forged }
      guard isFresh else { throw .replayed }
      // Within wolfSSL the signature is judged again, but then its tree is known.
      if let reason = unsafe key.inspect(record) { throw reason }
      // If memory is short, the next record tries again.
      if session == nil { session = try? key.makeSession(epoch: epoch, sender: sender) }
    }
    guard let session else { throw .overrun }

    let room = unsafe UnsafeMutableRawBufferPointer(rebasing: payload[..<payloadCount])
    switch unsafe session.read(record, into: room) {
    case .payload(let count):
      return accept(unsafe messageCount(of: room, count), header.sequence)
    case .refused where payloadCount == 0:
      return accept(0, header.sequence)
    case .refused:
      throw key.takeRejection() ?? .forged
    case .broken:
      // Validation lets nothing through that does this. If wolfSSL still gives up, the next record gets a new session; the
      // window still knows all accepted numbers.
      self.session = nil
      _ = key.takeRejection()
      throw .malformed
    }
  }

  /// Takes the last gap that was too long for loss.
  mutating func takeJump() -> SequenceJump? {
    defer { jump = nil }
    return jump
  }

  /// The size of the message at the beginning of an accepted payload, in bytes.
  private func messageCount(of payload: UnsafeMutableRawBufferPointer, _ count: Int) -> Int {
    guard key.isSigned else { return count }
    let signed = unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(payload)[..<count])
    return unsafe count - (SignatureTrailer(endOf: signed)?.size ?? 0)
  }

  private mutating func accept(_ count: Int, _ sequence: UInt64) -> ReceivedRecord {
    let next = window.next
    window.accept(sequence)
    isHeard = true
    let gapsCountFrom = gapsCountFrom ?? sequence
    self.gapsCountFrom = gapsCountFrom
    if sequence < next {
      return record(count, lost: sequence >= gapsCountFrom ? -1 : 0, isLate: true)
    }
    let due = max(next, gapsCountFrom)
    var lost = Int64(sequence - due)
    if lost > Int64(SequenceJump.longestLoss) {
      // Numbers below it were not counted as missing, so that a late one is not subtracted again.
      self.gapsCountFrom = sequence
      jump = SequenceJump(member: sender, epoch: epoch, from: due, to: sequence)
      lost = 0
    }
    return record(count, lost: lost, isLate: false)
  }

  private func record(_ count: Int, lost: Int64, isLate: Bool) -> ReceivedRecord {
    ReceivedRecord(count: count, keyID: key.keyID, isSigned: key.isSigned, lost: lost, isLate: isLate)
  }
}
