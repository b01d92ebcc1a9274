/// Follows one other member from epoch to epoch. Only the receive loop's thread uses it.
///
/// 1. A record of the epoch that the member is in goes to that epoch's session.
/// 2. One of a later epoch counts once it authenticates: then the member is in that epoch. Until then nothing is built,
///    so that a flood of invented epochs costs what any forgery costs.
/// 3. The session before it still takes stragglers for a moment, and is gone then.
/// 4. Earlier epochs are refused.
final class InboundMember {
  /// For how long the session of the former epoch takes what a network has delayed.
  static let stragglerTime = Duration.seconds(1)

  private let context: DTLSContext
  private let member: MemberID
  private var current: InboundSession?
  private var former: (session: InboundSession, until: ContinuousClock.Instant)?
  /// Whether this process has accepted anything of the member.
  private var isHeard = false

  /// - Parameter heardBefore: How far the member was heard before this process was started, if it was.
  init(_ context: DTLSContext, member: MemberID, heardBefore: Position?) {
    self.context = context
    self.member = member
    current = heardBefore.map { InboundSession(context, sender: member, epoch: $0.epoch, resumingAt: $0.next) }
  }

  /// The epoch that the member is in, as far as is known.
  var epoch: Epoch? { current?.epoch }

  /// How far the member has been heard.
  var position: Position? { isHeard ? current?.position : nil }

  /// What an accepted record says.
  struct Opened {
    let record: InboundSession.Opened
    /// Whether it is the first of a later epoch than the one in which the member had been heard.
    let isRestart: Bool
  }

  /// Opens an admitted record: what it carries, or why it is refused.
  func open(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, epoch: Epoch, now: ContinuousClock.Instant
  ) -> Result<Opened, Refusal> {
    if let former, now >= former.until { self.former = nil }
    guard let current, epoch <= current.epoch else {
      return unsafe openLater(record, header: header, epoch: epoch, now)
    }
    let session = epoch == current.epoch ? current : epoch == former?.session.epoch ? former?.session : nil
    guard let session else {
      return .failure(unsafe context.authenticator.isAuthentic(record, header: header) ? .staleEpoch : .forged)
    }
    return unsafe session.open(record, header: header).map {
      isHeard = true
      return Opened(record: $0, isRestart: false)
    }
  }

  private func openLater(
    _ record: UnsafeBufferPointer<UInt8>, header: RecordHeader, epoch: Epoch, _ now: ContinuousClock.Instant
  ) -> Result<Opened, Refusal> {
    let session = InboundSession(context, sender: member, epoch: epoch, isFromStart: isHeard)
    return unsafe session.open(record, header: header).map {
      let isRestart = isHeard
      former = current.map { ($0, now + Self.stragglerTime) }
      current = session
      isHeard = true
      return Opened(record: $0, isRestart: isRestart)
    }
  }
}
