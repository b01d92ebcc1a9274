import ArgumentParser
import MulticastDTLS
import SystemPackage

extension SecretCommand {
  /// The option for the key ring's file.
  struct File: ParsableArguments {
    /// The names of the option, with their dashes.
    static let names = ["-k", "--secret-file"]

    @Option(
      name: [.customShort("k"), .long],
      parsing: .unconditional,
      help: .init(
        "File of the key ring, as for the peer. (default: ${XDG_CONFIG_HOME:-~/.config}/mcast-peer/secret)",
        valueName: "path"),
      completion: .file()
    )
    var secretFile: String?

    /// The path of the file.
    ///
    /// - Throws: ``SecretError`` if the secret is in the environment.
    var path: String {
      get throws { try Self.path(secretFile) }
    }

    /// The file of the option, else of the environment; nil if neither is set.
    static func named(_ secretFile: String?) throws -> String? {
      try secretFile ?? Environment.value("secret-file")
    }

    /// The path of the file, or the default one.
    static func path(_ secretFile: String?) throws -> String {
      switch try SecretSource.choose(secretFile: named(secretFile).map { FilePath($0) }) {
      case .file(let path), .ownFile(let path): return path.string
      case .environment:
        throw SecretError.unusable(
          "\(SecretSource.variable) holds the secret, and this command changes files only: give --secret-file, or unset it"
        )
      }
    }
  }
}
