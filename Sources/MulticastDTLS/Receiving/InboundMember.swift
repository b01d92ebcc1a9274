/// Follows one other member from epoch to epoch of one key. Only the receive loop's thread uses it.
///
/// 1. A record of the epoch that the member is in goes to that epoch's session.
/// 2. One of a later epoch counts once it authenticates: then the member is in that epoch. Until then nothing is built,
///    so that a flood of invented epochs costs what any forgery costs.
/// 3. The session before it still takes stragglers for a moment, and is gone then.
/// 4. Earlier epochs are refused.
final class InboundMember {
  /// For how long the session of the former epoch takes what a network has delayed.
  static let stragglerTime = Duration.seconds(1)

  private let key: OpeningKey
  private let member: MemberID
  /// The session of the epoch that the member is in, as far as is known.
  private(set) var current: InboundSession?
  private var former: (session: InboundSession, until: BootInstant)?
  /// Whether this process has accepted anything of the member under this key.
  private var isHeard = false

  /// - Parameter heardBefore: How far the member was heard before this process was started, if it was.
  init(_ key: OpeningKey, member: MemberID, heardBefore: ReplayPosition?) {
    self.key = key
    self.member = member
    current = heardBefore.map { InboundSession(key, sender: member, epoch: $0.epoch, resumingAt: $0.next) }
  }

  /// The epoch that the member is in, as far as is known.
  var epoch: Epoch? { current?.epoch }

  /// How far the member has been heard.
  var position: ReplayPosition? { isHeard ? current?.position : nil }

  /// What an accepted record says.
  struct Opened {
    let record: InboundSession.Opened
    /// Whether it is the first of its epoch, which is later than all that the member was heard in before.
    let isFirstOfEpoch: Bool
    /// The epoch before that one, in which the member was heard under this key; nil in all other cases.
    var formerEpoch: Epoch?
  }

  /// Opens an admitted record: what its number says, or why it is refused.
  ///
  /// - Parameters:
  ///   - payload: Where to put what it carries.
  ///   - isKnown: Whether this process has heard the member before, under any key.
  func open(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, epoch: Epoch,
    into payload: UnsafeMutableRawBufferPointer, isKnown: Bool, now: BootInstant
  ) -> Result<Opened, RejectionReason> {
    if let former, now >= former.until { self.former = nil }
    guard let current, epoch <= current.epoch else {
      return unsafe openLater(record, header: header, epoch: epoch, into: payload, isKnown: isKnown, now)
    }
    let session = epoch == current.epoch ? current : epoch == former?.session.epoch ? former?.session : nil
    guard let session else {
      return .failure(unsafe key.isAuthentic(record) ? .staleEpoch : .forged)
    }
    return unsafe session.open(record, header: header, into: payload).map {
      isHeard = true
      return Opened(record: $0, isFirstOfEpoch: false)
    }
  }

  private func openLater(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, epoch: Epoch,
    into payload: UnsafeMutableRawBufferPointer, isKnown: Bool, _ now: BootInstant
  ) -> Result<Opened, RejectionReason> {
    let session = InboundSession(key, sender: member, epoch: epoch, isFromStart: isKnown)
    return unsafe session.open(record, header: header, into: payload).map {
      let formerEpoch = current?.epoch
      former = current.map { ($0, now + Self.stragglerTime) }
      current = session
      isHeard = true
      return Opened(record: $0, isFirstOfEpoch: true, formerEpoch: formerEpoch)
    }
  }
}
