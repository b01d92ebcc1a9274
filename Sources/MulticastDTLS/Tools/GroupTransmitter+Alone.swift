import Logging

extension GroupTransmitter {
  /// Creates a transmitter without a receive thread. One process can hold many, to measure how members receive them.
  ///
  /// - Parameter configuration: The configuration, which must have an epoch and no state.
  package convenience init(_ configuration: MulticastPeer.Configuration, keys: KeyRing) throws {
    let context = try DTLSContext(
      ownMember: configuration.member, suite: configuration.suite, engine: configuration.engine)
    let key = try GroupKey(context, keys.secrets[0])
    let keeper = try StateKeeper(
      directory: nil,
      beginning: configuration.epoch.map { .given($0) } ?? .next,
      identity: StateKeeper.Identity(
        keyID: key.keyID, member: context.recordMember, isEncrypting: configuration.suite.isEncrypted),
      log: NoticeLog(Logger(label: "", factory: { _ in SwiftLogNoOpLogHandler() })))
    let socket = try MulticastSocket(
      group: configuration.group, interfaces: configuration.initialInterfaces, timeToLive: configuration.timeToLive,
      isReceiving: false)
    try self.init(
      RingKey(key, keeper, members: MemberSet([])), socket: socket, sent: SentRecords(port: socket.sourcePort))
  }
}
