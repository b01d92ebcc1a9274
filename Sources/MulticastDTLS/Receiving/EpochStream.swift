/// The records of one member under one key, epoch after epoch. Confined to the receive thread.
///
/// 1. A record of the current epoch goes to its window.
/// 2. A record of a later epoch counts once it has authenticated: then that epoch is the current one. Nothing is built
///    before, so that a flood of made-up epochs costs no more than any forgery.
/// 3. The window before it accepts stragglers for a second.
/// 4. Earlier epochs are rejected.
struct EpochStream {
  /// The time for which the window of the former epoch accepts delayed records.
  static let stragglerTime = Duration.seconds(1)

  let key: OpeningKey
  private let member: MemberID
  /// The window of the current epoch; nil until the member was heard under this key, by this process or an earlier one.
  private(set) var current: EpochWindow?
  private var former: (window: EpochWindow, until: BootInstant)?
  /// The last gap of a window that is gone.
  private var formerJump: SequenceJump?

  init(_ key: OpeningKey, of member: MemberID) {
    self.key = key
    self.member = member
    current = key.heardBefore[member].map { EpochWindow(key, sender: member, epoch: $0.epoch, resumingAt: $0.next) }
  }

  /// The position of the member, if this process has heard it under this key.
  var position: ReplayPosition? { current?.position }

  /// Opens a validated record.
  ///
  /// - Parameters:
  ///   - payload: Receives the payload.
  ///   - isKnown: True if this process has heard the member before, under any key.
  /// - Throws: The reason to reject it.
  mutating func open(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, epoch: Epoch,
    into payload: UnsafeMutableRawBufferPointer, isKnown: Bool, now: BootInstant
  ) throws(RejectionReason) -> ReceivedRecord {
    guard header.length >= key.tagSize else { throw .malformed }
    if let until = former?.until, now >= until {
      formerJump = former?.window.takeJump() ?? formerJump
      former = nil
    }
    guard let latest = current?.epoch, epoch <= latest else {
      return try unsafe openLater(record, header: header, epoch: epoch, into: payload, isKnown: isKnown, now)
    }
    if epoch == latest, let opened = try unsafe current?.open(record, header: header, into: payload) { return opened }
    if epoch == former?.window.epoch,
      var opened = try unsafe former?.window.open(record, header: header, into: payload)
    {
      opened.isStraggler = true
      return opened
    }
    throw unsafe key.isAuthentic(record) ? .staleEpoch : .forged
  }

  private mutating func openLater(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, epoch: Epoch,
    into payload: UnsafeMutableRawBufferPointer, isKnown: Bool, _ now: BootInstant
  ) throws(RejectionReason) -> ReceivedRecord {
    var window = EpochWindow(key, sender: member, epoch: epoch, isFromStart: isKnown)
    var opened = try unsafe window.open(record, header: header, into: payload)
    opened.isFirstOfEpoch = true
    opened.formerEpoch = current?.epoch
    formerJump = former?.window.takeJump() ?? formerJump
    former = current.map { ($0, now + Self.stragglerTime) }
    current = window
    return opened
  }

  /// Takes the last gap in the member's numbers that was too long for loss.
  mutating func takeJump() -> SequenceJump? {
    defer { formerJump = nil }
    return current?.takeJump() ?? former?.window.takeJump() ?? formerJump
  }
}
