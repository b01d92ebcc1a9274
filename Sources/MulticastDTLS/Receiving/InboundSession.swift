/// Opens the records of one sender in one epoch. Only the receive loop's thread uses it.
///
/// Each sender has its own, so that it has its own replay window and what goes wrong with it stays there. Its wolfSSL
/// session (54 kB, 35 to 80 us) is made when a first record has authenticated without one, so that no forgery ever costs
/// more than the check of its tag.
final class InboundSession {
  /// The epoch whose records the session opens.
  let epoch: Epoch
  let sender: MemberID
  /// The key that they are made with.
  let key: OpeningKey

  private var session: Session?
  private var window: ReplayWindow
  /// From which number on a gap means that records were lost; nil as long as it is not known what was sent before.
  private var gapsCountFrom: UInt64?

  /// Prepares to open the records of one other member.
  ///
  /// - Parameters:
  ///   - next: One more than the highest number that was accepted in the epoch before this process was started.
  ///   - isFromStart: Whether this process was there when the sender began the epoch, so that it should have it all.
  init(
    _ key: OpeningKey, sender: MemberID, epoch: Epoch, resumingAt next: UInt64? = nil, isFromStart: Bool = false
  ) {
    self.key = key
    self.sender = sender
    self.epoch = epoch
    window = next.map { ReplayWindow(resumingAt: $0) } ?? ReplayWindow()
    gapsCountFrom = isFromStart ? 0 : nil
  }

  /// How far the sender has been heard.
  var position: ReplayPosition {
    ReplayPosition(epoch: epoch, next: window.next)
  }

  /// How much an accepted record carries, and what its number says.
  struct Opened: Hashable {
    /// The bytes of its payload.
    let count: Int
    /// How many records before it are missing, as of now; -1 if it is one that was counted as missing. 0 after a ``SequenceJump``.
    let lost: Int64
    /// Whether a later one was accepted before it.
    let isLate: Bool
  }

  /// Opens an admitted record, or says why not.
  ///
  /// - Parameter payload: Where to put what it carries; it must have room for all that a record can carry.
  func open(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, into payload: UnsafeMutableRawBufferPointer
  ) -> Result<Opened, RejectionReason> {
    let isFresh = window.isFresh(header.sequence)
    let payloadCount = header.length - key.tagSize
    // wolfSSL is silent about a replay (where it sees one: see ReplayWindow) and about a record without payload alike,
    // so these two are judged here.
    if !isFresh || payloadCount == 0 || session == nil {
      guard unsafe key.isAuthentic(record) else { return .failure(.forged) }
      guard isFresh else { return .failure(.replayed) }
      // If memory is short, the next record tries again.
      if session == nil { session = try? key.makeSession(epoch: epoch, sender: sender) }
    }
    guard let session else { return .failure(.overrun) }

    let room = unsafe UnsafeMutableRawBufferPointer(rebasing: payload[..<payloadCount])
    switch unsafe session.read(record, into: room) {
    case .payload(let count):
      return .success(accept(count, header.sequence))
    case .refused where payloadCount == 0:
      return .success(accept(0, header.sequence))
    case .refused:
      return .failure(.forged)
    case .broken:
      // Admission leaves nothing that can do this. If wolfSSL finds something all the same, the next record gets a new
      // session, and the window still knows what was accepted.
      self.session = nil
      return .failure(.malformed)
    }
  }

  /// Accepts a record that authenticated, and counts what its number tells of those before it.
  private func accept(_ count: Int, _ sequence: UInt64) -> Opened {
    let next = window.next
    window.accept(sequence)
    let gapsCountFrom = gapsCountFrom ?? sequence
    self.gapsCountFrom = gapsCountFrom
    if sequence < next { return Opened(count: count, lost: sequence >= gapsCountFrom ? -1 : 0, isLate: true) }
    let due = max(next, gapsCountFrom)
    guard sequence - due <= SequenceJump.longestLoss else { return jump(count, from: due, to: sequence) }
    return Opened(count: count, lost: Int64(sequence - due), isLate: false)
  }

  /// Accepts a record after a gap that is too long for loss. Gaps count from its number on: what comes late from before it
  /// was not counted as missing.
  private func jump(_ count: Int, from due: UInt64, to sequence: UInt64) -> Opened {
    gapsCountFrom = sequence
    key.jumped(SequenceJump(member: sender, epoch: epoch, from: due, to: sequence))
    return Opened(count: count, lost: 0, isLate: false)
  }
}
