import ArgumentParser
import MulticastDTLS

extension SecretCommand {
  struct Promote: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Move a secret to the first place: peers send with it.",
      discussion: "Without a key ID, moves the last secret. With two secrets, a second call restores the former order.")

    @OptionGroup var file: File
    @Argument(
      help: "Key ID of the secret. (default: the last)", completion: .custom(KeyIDCompletion.offers),
      transform: { try KeyID($0) })
    var keyID: KeyID?

    func run() throws {
      let keyIDs = try file.change { try $0.promote(keyID) }
      // The secret that was first before.
      if let former = keyIDs.first(where: { $0 != keyIDs[0] }) {
        file.printNext("once all members send with \(keyIDs[0])", "drop", former)
      }
    }
  }
}
