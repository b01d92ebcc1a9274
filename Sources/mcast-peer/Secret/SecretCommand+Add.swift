import ArgumentParser
import Glibc
import MulticastDTLS

extension SecretCommand {
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add the secret on standard input as the last one: peers accept it, and do not send with it yet.")

    @OptionGroup var file: File
    @Flag(help: "Add it to a ring with a signed secret even if it is not signed: signing ends.")
    var unsigned = false

    func run() throws {
      guard isatty(STDIN_FILENO) == 0 else {
        throw ValidationError("give the new secret on standard input: mcast-peer secret rotate add <FILE")
      }
      let secret = try GroupSecret(readingFrom: STDIN_FILENO, name: "standard input")
      let keyID = try secret.keyID()
      let keyIDs = try file.change { try $0.add(secret, endsSigning: unsigned) }
      // The ring may have had the secret before, also as the first.
      if keyID != keyIDs[0] { file.printNext("once all members accept it", "promote", keyID) }
    }
  }
}
