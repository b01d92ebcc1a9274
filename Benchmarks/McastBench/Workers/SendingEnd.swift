/// What sends messages: one side of a path, for one or more members.
protocol SendingEnd {
  /// Sends messages as one member, each by itself or as many as possible in one go.
  func send(_ payloads: [[UInt8]], as sender: Int, isBatched: Bool) throws
}
