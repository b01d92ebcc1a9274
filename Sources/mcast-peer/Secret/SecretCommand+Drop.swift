import ArgumentParser
import MulticastDTLS

extension SecretCommand {
  struct Drop: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a secret that no member sends with any longer; never the first.")

    @OptionGroup var file: File
    @Argument(
      help: "Key ID of the secret. (default: the last)", completion: .custom(KeyIDCompletion.offers),
      transform: { try KeyID($0) })
    var keyID: KeyID?

    func run() throws {
      try file.change { try $0.drop(keyID) }
      printRemark("done, once all members have dropped it")
    }
  }
}
