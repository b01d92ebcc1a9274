import Synchronization

/// What becomes of datagrams: each is admitted, opened, and handed on; every outcome is counted and watched. Only the
/// receive loop's thread uses it.
///
/// Messages that come one right after the other from one member are counted and watched as one run, when the next one
/// differs or the batch ends: what is done for each record alone is opening it, and calling the handler.
struct Intake {
  /// What became of all datagrams until now; any thread may ask.
  final class Counters: Sendable {
    fileprivate let counts = Mutex(Statistics())

    var statistics: Statistics {
      counts.withLock { $0 }
    }
  }

  let members: InboundMembers
  /// Whether there is nothing new to save of how far the members were heard.
  var isSaved = true

  private var observer: Observer
  private var run: ArrivalRun?
  private let counters: Counters
  private let handler: MulticastPeer.Handler
  /// Is told of authentic records with our own ID that we did not send.
  private let epochs: EpochGuard?

  init(
    _ members: InboundMembers, observer: Observer, counters: Counters, epochs: EpochGuard? = nil,
    handler: @escaping MulticastPeer.Handler
  ) {
    self.epochs = epochs
    self.members = members
    self.observer = observer
    self.counters = counters
    self.handler = handler
  }

  /// Takes one datagram.
  ///
  /// - Parameter interface: The kernel's number of the one that it came in by; nothing depends on it.
  /// - Returns: What a person should know.
  mutating func take(
    _ datagram: UnsafeBufferPointer<UInt8>, from source: Endpoint, on interface: UInt32 = 0, now: BootInstant
  ) -> [Notice] {
    // Most datagrams go on with the run: what is the same for all of it is not looked up again.
    guard let header = Admission.headerOfRecord(unsafe datagram.span), var origin = run?.first.origin,
      run?.includes(header, from: source) == true, let opened = unsafe members.openAsRecent(datagram, header: header)
    else { return take(unsafe members.open(datagram, from: source, now: now), on: interface, now: now) }
    switch opened {
    case .success(let opened):
      (origin.sequence, origin.interface) = (header.sequence, interface)
      let isDelivered = unsafe handler(origin, members.payload(opened.count).span)
      run?.add(opened, sequence: header.sequence, isDelivered: isDelivered)
      return []
    case .failure(let reason):
      return take(
        unsafe members.openAfterRecent(datagram, header: header, reason, from: source, now: now), on: interface,
        now: now)
    }
  }

  /// Hands on what became of a datagram that begins a run, or is refused.
  private mutating func take(
    _ result: Result<Arrival, Rejection>, on interface: UInt32, now: BootInstant
  ) -> [Notice] {
    switch result {
    case .success(var arrival):
      arrival.origin.interface = interface
      let isDelivered = unsafe handler(arrival.origin, members.payload(arrival.count).span)
      let notices = endRun(now: now)
      run = ArrivalRun(arrival, isDelivered: isDelivered)
      return notices
    case .failure(let refused):
      let notices = endRun(now: now)
      counters.counts.withLock { $0.count(refused) }
      if refused.contestedKey != nil { epochs?.heard(refused, now: now) }
      return notices + observer.refused(refused, now: now)
    }
  }

  /// Counts what was not counted yet; to be called when a batch has been taken.
  mutating func endRun(now: BootInstant) -> [Notice] {
    guard let ended = run else { return [] }
    run = nil
    isSaved = false
    counters.counts.withLock { $0.count(ended, now: now) }
    return observer.heard(ended, now: now)
  }

  /// Accepts these keys from now on, and no other.
  mutating func accept(_ keys: [InboundKey]) {
    members.accept(keys)
  }

  /// Says of a key that is not accepted any more who was still heard with it.
  func dropped(_ keyID: KeyID) -> [Notice] {
    observer.dropped(keyID, members.whereabouts.members(at: keyID))
  }

  /// Says what has waited to be said; to be called at the end.
  mutating func finish() -> [Notice] {
    observer.finish()
  }

  /// Looks around, once a second or so.
  ///
  /// - Parameters:
  ///   - sendingKey: The key that this node sends with; nil if it only listens.
  ///   - droppedByKernel: About how many datagrams the kernel has dropped until now.
  mutating func tick(sendingKey: KeyID?, droppedByKernel: Int, now: BootInstant) -> [Notice] {
    let jumps = observer.jumped(members.takeJumps(), now: now)
    let notices = observer.tick(
      members.whereabouts, sendingKey: sendingKey, droppedByKernel: droppedByKernel, now: now)
    if !observer.newlySilent.isEmpty { counters.counts.withLock { $0.fellSilent(observer.newlySilent) } }
    return jumps + notices
  }
}
