/// The sending side of a path, for one or more members.
protocol SendingEnd {
  /// Sends messages as one member, in one batch or one by one.
  func send(_ payloads: [[UInt8]], as sender: Int, isBatched: Bool) throws
}
