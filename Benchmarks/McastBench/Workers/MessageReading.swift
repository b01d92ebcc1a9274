import MulticastDTLS

/// Reads a peer's messages until the peer stops.
func read(_ messages: MessageStream, as reader: Reader, into delivery: Delivery) {
  switch reader {
  case .handler:
    break
  case .topLevel:
    Task { @MainActor in
      for await message in messages { delivery.take(message.payload.span) }
    }
  case .task:
    Task.detached {
      for await message in messages { delivery.take(message.payload.span) }
    }
  case .actor:
    Task { await ReadingActor().read(messages, into: delivery) }
  }
}

private actor ReadingActor {
  func read(_ messages: MessageStream, into delivery: Delivery) async {
    for await message in messages { delivery.take(message.payload.span) }
  }
}
