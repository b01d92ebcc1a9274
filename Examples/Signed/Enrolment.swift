import MulticastDTLS
import SystemPackage

/// The identity of a member, made at its first start.
func enrol(_ member: MemberID) throws -> Identity {
  let file = IdentityFile(path: FilePath("identity-\(member)"))
  do {
    return try file.read()
  } catch SecretError.missing {
    let identity = try file.create()
    try say("a line for the roster: \(Roster.line(of: member, identity.publicKey))")
    return identity
  }
}

/// The members and their public keys; nil, with a remark, as long as there is no roster.
func readRoster() throws -> Roster? {
  do {
    return try Roster(readingFrom: "roster")
  } catch RosterError.missing(let reason) {
    try say(reason)
    return nil
  }
}

/// Writes a line to standard output at once.
func say(_ line: String) throws {
  try FileDescriptor.standardOutput.writeAll(Array("\(line)\n".utf8))
}
