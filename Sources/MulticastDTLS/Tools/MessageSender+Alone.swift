extension MessageSender {
  /// Makes a sender with no receive thread: many fit one process, and a measurement of their receivers.
  ///
  /// - Parameter configuration: Must have an epoch and no state.
  package init(alone configuration: MulticastPeer.Configuration, keys: KeyRing) throws {
    let context = try DTLSContext(
      ownMember: configuration.member, suite: configuration.suite, engine: configuration.engine)
    let key = try GroupKey(context, keys.secrets[0], isSigned: configuration.isSigning)
    let keeper = try StateKeeper(
      directory: nil,
      beginning: configuration.epoch.map { .given($0) } ?? .next,
      identity: StateKeeper.Identity(
        keyID: key.keyID, member: context.recordMember, isEncrypting: configuration.suite.isEncrypted),
      report: { _ in })
    let socket = try MulticastSocket(
      group: configuration.group, interfaces: configuration.initialInterfaces, timeToLive: configuration.timeToLive,
      isReceiving: false)
    transmitter = try GroupTransmitter(
      RingKey(key, keeper), identity: configuration.identity, socket: socket, sent: SentRecords(port: socket.sourcePort)
    )
  }
}
