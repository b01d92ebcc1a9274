/// The code that takes a receiver's messages.
enum Reader: String, Codable, Hashable, CaseIterable {
  /// The handler, on the receive thread.
  case handler
  /// `for await message in peer.messages` on the main actor, as at the top level of a program.
  case topLevel = "messages at top level"
  /// The same in a detached task.
  case task = "messages in a task"
  /// The same in an actor.
  case actor = "messages in an actor"
}
