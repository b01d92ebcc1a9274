extension ReceiveLoop {
  /// The calls of the thread besides the handler.
  struct Callbacks: Sendable {
    /// An authentic record with our own ID that we did not send.
    var onContest: (@Sendable (Receiver.Contest, BootInstant) -> Void)?
    /// Another process has our state.
    var onStateLost: @Sendable (StateError) -> Void = { _ in }
    /// The messages sent so far, for the metrics.
    var sentCount: @Sendable () -> Int = { 0 }
    /// The epoch that this member sends in, for the metrics; nil if it only listens.
    var epoch: @Sendable () -> Epoch? = { nil }
    /// The last call, once all is saved and reported.
    var onEnd: @Sendable () -> Void = {}
  }
}
