import Foundation
import TestSupport
import Testing

@Suite("Usage errors")
struct UsageTests {
  struct Case: CustomTestStringConvertible {
    let arguments: String
    let code: Int32
    let hint: String
    var testDescription: String { arguments }

    init(_ arguments: String, _ code: Int32, _ hint: String) {
      self.arguments = arguments
      self.code = code
      self.hint = hint
    }
  }

  @Test(
    "invalid arguments are an error of one clear line, and change nothing",
    arguments: [
      Case("", 64, "node-id"), Case("abc", 64, "0 to 255"), Case("256", 64, "0 to 255"), Case("-1", 64, "-1"),
      Case("0 1", 64, "1"), Case("5", 64, "--peers 0-2,5"), Case("0 --peers 1-2", 64, "--peers 0-2"),
      Case("0 --peers 5-2", 64, "2-5"), Case("0 --peers 0-256", 64, "255"), Case("0 --peers 0,,1", 64, "0-2,7"),
      Case("0 -g 10.0.0.1", 64, "not a multicast address"), Case("0 -g nonsense", 64, "239.255.0.1"),
      Case("0 -g 239.255.0.1:0", 64, "1 to 65535"), Case("0 -g 239.255.0.1:70000", 64, "1 to 65535"),
      Case("0 -i 0", 64, "0.001"), Case("0 -i -3", 64, "0.001"), Case("0 -i nan", 64, "0.001"),
      Case("0 -i inf", 64, "0.001"),
      Case("0 -i 1e300", 64, "31536000"), Case("0 -t 256", 64, "0 to 255"), Case("0 -t -1", 64, "0 to 255"),
      Case("0 --epoch 0", 64, "1 to 65535"), Case("0 --epoch 65536", 64, "1 to 65535"), Case("0 -c 0", 64, "from 1"),
      Case("0 --no-such-option", 64, "--no-such-option"), Case("0 -I nope9", 69, "lo"),
      Case("0 -i.1", 64, "-i"), Case("0 -I lo -k /nonexistent/secret", 78, "/nonexistent/secret"),
      Case("0 -I lo -k /", 78, "not a regular file"), Case("0 -o xml", 64, "text or json or raw"),
      Case("0 --stdin -m x", 64, "--stdin and --message exclude each other"),
      Case("0 --stdin -i 1", 64, "leave out --interval"),
      Case("0 --listen --stdin", 64, "receives only"), Case("0 --listen --rate 5", 64, "receives only"),
      Case("0 --listen -c 5", 64, "see --expect"), Case("0 --rate 5 -i 5", 64, "give one of them"),
      Case("0 --datagram", 64, "--stdin or -o raw"), Case("0 --deadline 0", 64, "deadline"),
      Case("0 --expect 0", 64, "from 1"), Case("0 --source nowhere", 64, "192.0.2.7"),
      Case("0 -I lo --source ::1", 64, "IPv6"), Case("0 --source 239.1.1.1", 64, "192.0.2.7"),
      Case("0 --no-loop -t 0", 64, "nobody would hear"),
      Case("0 -g ff15::1%lo", 64, "leave '%lo' out"), Case("0 -g fe80::1", 64, "begins with ff"),
      Case("0 -g ff02::1%nope9", 69, "nope9"), Case("0 -g ff15::1:5000:", 64, "[ff15::1]:12345"),
      Case("--encrypt watch", 64, "0 to 255"), Case("-- watch", 64, "0 to 255"),
      Case("watch --no-such-option", 64, "(see mcast-peer watch --help)"),
      Case("secret rotate drop xyz", 64, "(see mcast-peer secret rotate drop --help)"),
    ])
  func invalid(input: Case) async throws {
    let home = TemporaryDirectory()
    let peer = try PeerProcess(input.arguments.split(separator: " ").map(String.init), home: home)
    #expect(try await peer.exitCode() == input.code)
    let errors = try peer.errors
    #expect(
      (errors.hasPrefix("mcast-peer: ") || errors.contains("Z error ")) && errors.contains(input.hint), "\(errors)")
    #expect(errors.split(separator: "\n").count == 1, "\(errors)")
    #expect(try peer.output == "")
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.path).filter { $0.hasPrefix(".") } == [])
  }

  @Test("a message that could exceed a record is an error that names the limit")
  func tooLong() async throws {
    let limit = 1343
    let suffix = ", message #7".utf8.count
    let fits = String(repeating: "x", count: limit - suffix)
    let refused = try PeerProcess(["0", "-I", "lo", "-t", "0", "-c", "7", "-m", fits + "x"])
    #expect(try await refused.exitCode() == 64)
    #expect(try refused.errors.contains("at most 1343"))
    let taken = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-c", "7", "-i", "0.001", "-m", fits, "-g", "\(makeTestGroup())"])
    #expect(try await taken.exitCode() == 0)
    try await taken.waitForLine("Node 0: Sent: \"\(fits), message #7\"")
  }

  @Test("a secret file that others can read is an error", arguments: [0o644, 0o640, 0o604])
  func openToOthers(mode: Int) async throws {
    let home = TemporaryDirectory()
    let path = home.write("the text of a secret", to: "secret", mode: mode)
    let peer = try PeerProcess(["0", "-I", "lo", "-k", path], home: home)
    #expect(try await peer.exitCode() == 77)
    #expect(try peer.errors.contains("chmod 600"))
    #expect(try !peer.errors.contains("the text of a secret"))
  }

  @Test("an empty secret is an error, in a file and in the environment")
  func emptySecret() async throws {
    let home = TemporaryDirectory()
    let file = try PeerProcess(["0", "-I", "lo", "-k", home.write("\n", to: "secret")], home: home)
    #expect(try await file.exitCode() == 78)
    let variable = try PeerProcess(["0", "-I", "lo"], secret: "")
    #expect(try await variable.exitCode() == 78)
    #expect(try variable.errors.contains("DTLS_MCAST_SECRET"))
  }

  @Test("a message that is not UTF-8 is an error")
  func invalidUTF8() async throws {
    let peer = try PeerProcess.run("exec \"$0\" 0 -I lo -t 0 -c 1 -m \"$(printf 'bad \\377')\"")
    #expect(try await peer.exitCode() == 64)
    #expect(try peer.errors.contains("UTF-8"))
  }

  @Test("output that cannot be written ends the peer with an error")
  func fullDisk() async throws {
    let peer = try PeerProcess.run("exec \"$0\" 0 -I lo -t 0 -g \(makeTestGroup()) > /dev/full")
    #expect(try await peer.exitCode() == 71)
    #expect(try peer.errors.contains("cannot write to standard output: No space left on device"))
  }

  @Test("a value of an option may be the name of a command")
  func valueNamedAsCommand() async throws {
    let peer = try PeerProcess(["-m", "watch", "0", "-I", "lo", "-t", "0", "-c", "1", "-g", "\(makeTestGroup())"])
    #expect(try await peer.exitCode() == 0)
    try await peer.waitForLine("Node 0: Sent: \"watch, message #1\"")
  }

  @Test(
    "--version prints the versions of the command, wolfSSL and OpenSSL", arguments: ["", "0", "watch", "secret new"])
  func version(command: String) async throws {
    let peer = try PeerProcess(command.split(separator: " ").map(String.init) + ["--version"])
    #expect(try await peer.exitCode() == 0)
    let version = /mcast-peer \d+\.\d+\.\d+ \(wolfSSL \d+\.\d+\.\d+, OpenSSL \d+\.\d+\.\d+\)\n/
    #expect(try peer.output.wholeMatch(of: version) != nil)
  }

  @Test("--help has every option with its default")
  func help() async throws {
    let peer = try PeerProcess(["--help"])
    #expect(try await peer.exitCode() == 0)
    let help = try peer.output
    for text in [
      "--group", "239.255.0.1:12345", "--interface", "--ttl", "default: 1", "--peers", "default: 0-2", "--interval",
      "default: 3",
      "--count", "--message", "--secret-file", "--epoch", "--state-dir", "--stats", "SIGUSR1", "--verbose", "--version",
      "--stdin", "--listen", "--datagram", "--output", "default: text", "--deadline", "--expect", "--source",
      "--no-loop",
      "[ff12::1%eth0]:12345", "MCAST_PEER_GROUP", "65 standard input", "1 fewer messages",
      "The command line wins.", "GROUP AND NETWORK:", "SECRET AND STATE:",
      "WHAT TO SEND:", "OUTPUT:", "WHEN TO STOP:",
    ] {
      #expect(help.contains(text), "\(text)")
    }
    // The parser wraps the text at the width of the terminal.
    let unwrapped = help.replacing(/\s+/, with: " ")
    #expect(
      unwrapped.contains(
        "1 fewer messages than --expect, a failure that doctor found, or a member that status misses;"))
  }

  @Test(
    "help with a command's name prints the same as the command with --help",
    arguments: ["", "help", "watch", "status", "secret", "secret new", "secret rotate add"])
  func helpByName(command: String) async throws {
    let words = command.split(separator: " ").map(String.init)
    let named = try PeerProcess(["help"] + words)
    let asked = try PeerProcess(words.filter { $0 != "help" } + ["--help"])
    for peer in [named, asked] { #expect(try await peer.exitCode() == 0) }
    #expect(try named.output == asked.output && named.output.hasPrefix("OVERVIEW: "))
  }

  @Test("a library without multicast at run time is an error that names the build options")
  func libraryWithoutMulticast() async throws {
    let directory = TemporaryDirectory()
    let source = directory.write("const char *wolfSSL_lib_version(void) { return \"0.0.0\"; }\n", to: "fake.c")
    // The file name under which the command loads the library.
    let name = try #require(try run("ldd", PeerProcess.executable).firstMatch(of: /libwolfssl\.so\.\d+/)).output
    _ = try run("clang", "-shared", "-fPIC", "-o", "\(directory.path)/\(name)", source)
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(makeTestGroup())"], environment: ["LD_LIBRARY_PATH": directory.path])
    #expect(try await peer.exitCode() == 71)
    let errors = try peer.errors
    #expect(errors.contains("--enable-dtls --enable-mcast"), "\(errors)")
    #expect(try peer.output == "")
  }

  private func run(_ command: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    _ = process.waitForExitStatus()
    return String(decoding: data, as: UTF8.self)
  }
}
