import Synchronization

/// The active key ring of a peer: its keys with their states on disk, and the rotation to another ring. Any thread may use
/// it.
final class ActiveKeyRing: Sendable {
  /// The settings that decide how the state of a key is opened.
  struct Policy: Sendable {
    /// This member's own ID; nil only listens.
    let member: MemberID?
    /// True if this member sends, or may.
    let sends: Bool
    let isEncrypting: Bool
    /// True if messages are signed under any secret.
    var isSigning = false
    let group: GroupAddress
    /// The directory that keeps states; nil keeps none.
    let state: StateDirectory?
    /// The epoch to begin in, if the user gave one.
    let epoch: Epoch?
    /// True if the user says that this member has never sent with these secrets.
    let isNewMember: Bool
  }

  private let policy: Policy
  private let context: DTLSContext
  private let report: StateNotice.Reporter
  /// The keys in use; the first is sent with.
  private let held: Mutex<[RingKey]>
  /// One thread at a time changes the ring, or stops the peer.
  private let changing = Mutex(Changing())

  private struct Changing {
    var isStopped = false
    /// The states of keys that were removed: these may come back.
    var formerStates: [KeyID: MemberState] = [:]

    /// Closes the states of keys, and remembers their contents.
    mutating func finish(_ keys: [RingKey]) {
      for held in keys {
        held.keeper.finish()
        formerStates[held.keyID] = held.keeper.state
      }
    }
  }

  /// Derives the keys, and opens and locks the state of each; reserves no epoch yet.
  ///
  /// - Throws: ``StateError`` if a state cannot be used, another process runs as this member, or its past with a secret that
  ///   encrypts is unknown; ``WolfSSLError`` or ``LibcryptoError`` if the keys cannot be derived or used; ``SigningError`` if
  ///   signatures cannot be verified.
  init(
    _ keys: KeyRing, _ policy: Policy, _ context: DTLSContext, _ report: @escaping StateNotice.Reporter
  ) throws {
    self.policy = policy
    self.context = context
    self.report = report
    var held: [RingKey] = []
    for key in try Self.derive(keys, context, policy) {
      // The epoch that the user gave applies to the sending key.
      let beginning = policy.epoch.map { held.isEmpty ? StateKeeper.EpochPolicy.given($0) : .atLeast($0) }
      held.append(try Self.hold(key, beginning ?? .next, isStart: true, policy, report))
    }
    if policy.sends { try held[0].keeper.begin(policy.isNewMember ? .user : .nothing, isStart: true) }
    self.held = Mutex(held)
  }

  /// The keys in use now.
  var keys: [RingKey] { held.withLock { $0 } }

  /// Records keys that are new now as never used, if this member runs with a sound state, and no state or mark says that
  /// it has sent with them. Then one of them can be promoted later, also by a restart.
  private func vouch(for new: [RingKey]) {
    guard policy.sends, keys[0].keeper.isInUse else { return }
    for held in new where held.keyID != keys[0].keyID { held.keeper.vouch() }
  }

  /// As above, for the keys of the start that are only accepted. Called once there is an epoch to send in.
  func vouchForOthers() {
    guard policy.sends else { return }
    let keys = keys
    for other in keys.dropFirst() { other.keeper.vouch(beside: keys[0].keeper) }
  }

  /// The voucher for a secret that arrives while this member sends with another. A user who keeps no state and gives epochs
  /// answers for all of them.
  private func voucher(beside former: RingKey) -> StartRule.Voucher {
    if former.keeper.isInUse { return .running }
    return former.keeper.path == nil && policy.epoch != nil ? .user : .nothing
  }

  /// Uses other keys from now on, as a whole or not at all; see ``MulticastPeer/rotate(to:)-2tzrn``.
  func change(to keys: KeyRing, _ sent: SentRecords, _ loop: ReceiveLoop, _ sending: GroupTransmitter?) throws {
    let derived = try Self.derive(keys, context, policy)
    try changing.withLock { changing in
      guard !changing.isStopped else { throw SendError.stopped }
      let former = held.withLock { $0 }
      var next: [RingKey] = []
      do {
        for key in derived {
          let known = former.first { $0.keyID == key.keyID }
          next.append(
            try known
              ?? Self.hold(
                key, policy.epoch.map { .atLeast($0) } ?? .next, known: changing.formerStates[key.keyID],
                isStart: false, policy, report))
        }
        if sending != nil { sent.prepare(next) }
        loop.accept(next + former.without(next))
        if let sending, next[0].keyID != former[0].keyID {
          try next[0].keeper.begin(voucher(beside: former[0]), isStart: false)
          // The disk is waited for before those who send must wait.
          let epoch = try next[0].keeper.reserveEpoch()
          try sending.change(to: next[0], epoch: epoch)
        }
      } catch {
        loop.accept(former)
        changing.finish(next.without(former))
        throw error
      }
      // Before the loop reports the keys that are dropped: the ring that it then finds is the new one.
      held.withLock { $0 = next }
      loop.accept(next)
      vouch(for: next.without(former))
      changing.finish(former.without(next))
    }
  }

  /// Runs a body with the keys while no change of the ring is under way, and waits for one that is. The body must not
  /// change the ring.
  func betweenChanges(_ body: ([RingKey]) -> Void) {
    changing.withLock { _ in body(keys) }
  }

  /// Closes the states of all keys for good; to be called when the receive loop has stopped.
  func finish() {
    changing.withLock { changing in
      changing.isStopped = true
      for key in keys { key.keeper.finish() }
    }
  }

  /// Derives the keys of a ring; a repeated secret counts once.
  private static func derive(_ keys: KeyRing, _ context: DTLSContext, _ policy: Policy) throws -> [GroupKey] {
    var derived: [GroupKey] = []
    for secret in keys.secrets {
      let key = try GroupKey(context, secret, isSigned: policy.isSigning)
      if !derived.contains(where: { $0.keyID == key.keyID }) { derived.append(key) }
    }
    return derived
  }

  /// Opens the state of a key.
  private static func hold(
    _ key: GroupKey, _ beginning: StateKeeper.EpochPolicy, known: MemberState? = nil, isStart: Bool,
    _ policy: Policy, _ report: @escaping StateNotice.Reporter
  ) throws -> RingKey {
    let isEncrypting = policy.isEncrypting
    guard let member = policy.member else {
      // A listener has no epoch to remember. Its positions are kept in memory.
      let keeper = try StateKeeper(
        directory: nil, beginning: .never,
        identity: .init(keyID: key.keyID, member: key.context.recordMember, isEncrypting: isEncrypting),
        known: known ?? MemberState(), report: report)
      return try RingKey(key, keeper)
    }
    if policy.state == nil, !policy.sends, isStart {
      report(StateNotice("what is heard is not remembered: there is no state directory", .directory))
    }
    let keeper = try StateKeeper(
      directory: policy.state,
      beginning: policy.sends ? beginning : .never,
      mayReplaceDamaged: isStart,
      identity: .init(
        keyID: key.keyID, member: member, isEncrypting: isEncrypting, group: "\(policy.group)"),
      known: known ?? MemberState(),
      report: report)
    return try RingKey(key, keeper)
  }
}
