import ArgumentParser
import MulticastDTLS
import SystemPackage

extension SecretCommand {
  struct ID: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "id",
      abstract:
        "Print the key IDs of a ring: equal IDs mean equal secrets. Warn of weak secrets, and of a file open to others.",
      discussion:
        """
        Without --secret-file, the ring is the one of a peer: from MCAST_PEER_SECRET_FILE if set, else from \
        DTLS_MCAST_SECRET, else from the user's file, or if there is none from that of the service, /etc/mcast-peer/secret.
        """
    )

    @OptionGroup var file: File

    func run() throws {
      let service = ServiceSettings()
      let named = try File.named(file.secretFile).map { FilePath($0) }
      let source = try SecretSource.choose(
        secretFile: named ?? (service.apply(secretFile: nil) ? service.secret : nil))
      let ring = try KeyRing(from: source) { warn("\($0)") }
      try show(ring)
    }
  }
}
