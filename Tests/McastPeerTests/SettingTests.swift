import CommonSupport
import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("Settings from the environment")
struct SettingTests {
  let group = LoopbackGroup()

  /// Starts a peer with these arguments alone.
  func start(_ arguments: [String], _ environment: [String: String]) throws -> PeerProcess {
    try PeerProcess(arguments, home: group.home, secret: Vectors.shared.secret, environment: environment)
  }

  @Test("every option in the help has a variable, and every variable an option")
  func complete() async throws {
    let help = try PeerProcess(["--help"])
    #expect(try await help.exitCode() == 0)
    let options = Set(try help.output.matches(of: /(?m)^ {2}(?:-\w, )?--([a-z-]+)/).map { String($0.output.1) })
    #expect(
      options.subtracting(["help", "version"]) == Set(Environment.all.map(\.option)).subtracting(["node-id"]))
  }

  @Test("a peer can be configured by variables alone")
  func alone() async throws {
    let state = TemporaryDirectory()
    let environment = [
      "MCAST_PEER_NODE_ID": "3", "MCAST_PEER_GROUP": "\(group.address)", "MCAST_PEER_INTERFACE": "lo",
      "MCAST_PEER_TTL": "0", "MCAST_PEER_PEERS": "1,3", "MCAST_PEER_OUTPUT": "json", "MCAST_PEER_ENCRYPT": "1",
      "MCAST_PEER_EPOCH": "77", "MCAST_PEER_STATE_DIR": "\(state.path)/state", "MCAST_PEER_MESSAGE": "from outside",
      "MCAST_PEER_COUNT": "2", "MCAST_PEER_INTERVAL": "0.01", "MCAST_PEER_STATS": "1", "MCAST_PEER_VERBOSE": "1",
      "MCAST_PEER_ENGINE": "wolfssl", "MCAST_PEER_ALLOW_CORE_DUMPS": "0", "MCAST_PEER_STDIN": "", "MCAST_PEER_RATE": "",
      "MCAST_PEER_METRICS_FILE": "\(state.path)/metrics",
    ]
    let peer = try start([], environment)
    #expect(try await peer.exitCode() == 0)
    let begin = try #require(try peer.events("start").first)
    #expect(begin.member == 3 && begin.group == "\(group.address)" && begin.interfaces == ["lo"])
    #expect(begin.peers == "1,3" && begin.suite == "PSK-CHACHA20-POLY1305" && begin.epoch == 77)
    #expect(try peer.events("sent").map(\.text) == ["from outside, message #1", "from outside, message #2"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(state.path)/state") != [])
    #expect(try String(contentsOfFile: "\(state.path)/metrics", encoding: .utf8).contains("peer=\"3\"} 77\n"))
    let errors = try peer.errors
    #expect(errors.contains("TTL 0") && errors.contains("dropped by the kernel") && errors.contains(" debug "))
    #expect(!errors.contains("unknown setting"))
  }

  @Test("variables also set input, output and end, and lists in variables have commas")
  func data() async throws {
    let receiver = try start(
      ["1", "-I", "lo"],
      [
        "MCAST_PEER_GROUP": "\(group.address)", "MCAST_PEER_LISTEN": "1", "MCAST_PEER_OUTPUT": "raw",
        "MCAST_PEER_DATAGRAM": "1", "MCAST_PEER_EXPECT": "1", "MCAST_PEER_DEADLINE": "600",
      ])
    try await receiver.waitForError("peers 0-2")
    let sender = try group.start(
      0, [], input: "printf 'one\\ntwo\\n'", environment: ["MCAST_PEER_STDIN": "1", "MCAST_PEER_DATAGRAM": "1"])
    #expect(try await sender.exitCode() == 0)
    #expect(try await receiver.exitCode() == 0)
    #expect(try receiver.output == "one\ntwo\n")
    let lists = try start(["1", "--listen"], ["MCAST_PEER_INTERFACE": "lo,nope9"])
    #expect(try await lists.exitCode() == 69)
    #expect(try lists.errors.contains("there is no interface 'nope9'"))
    let sources = try start(["1"], ["MCAST_PEER_SOURCE": "10.0.0.1,10.0.0"])
    #expect(try await sources.exitCode() == 64)
    #expect(try sources.errors.contains("MCAST_PEER_SOURCE is '10.0.0.1,10.0.0'"))
    let apart = try start(["1"], ["MCAST_PEER_NO_LOOP": "1", "MCAST_PEER_TTL": "0"])
    #expect(try await apart.exitCode() == 64)
    #expect(try apart.errors.contains("--no-loop"))
  }

  @Test("options override variables")
  func flagsWin() async throws {
    let environment = [
      "MCAST_PEER_NODE_ID": "2", "MCAST_PEER_GROUP": "239.1.1.1:1111", "MCAST_PEER_INTERFACE": "nope9",
      "MCAST_PEER_TTL": "9", "MCAST_PEER_PEERS": "2", "MCAST_PEER_OUTPUT": "raw", "MCAST_PEER_COUNT": "99",
      "MCAST_PEER_MESSAGE": "other", "MCAST_PEER_EPOCH": "50", "MCAST_PEER_STATE_DIR": "/nonexistent",
      "MCAST_PEER_INTERVAL": "99", "MCAST_PEER_SECRET_FILE": "/nonexistent", "MCAST_PEER_DEADLINE": "0.001",
      "MCAST_PEER_EXPECT": "99", "MCAST_PEER_SOURCE": "192.0.2.1", "MCAST_PEER_ENGINE": "wolfssl",
    ]
    let ring = RingFileOfMember(Vectors.shared.secret)
    let line = "0 -I lo -t 0 --peers 0,1 -o json -c 1 -m mine --epoch 60 --rate 1000 --deadline 30 --source 127.0.0.1"
    let more = [
      "-g", "\(group.address)", "-k", ring.path, "--state-dir", "\(group.home.path)/state", "--engine", "libcrypto",
    ]
    let peer = try start(line.split(separator: " ").map(String.init) + more, environment)
    #expect(try await peer.exitCode() == 1)
    #expect(try peer.errors.contains("received 0 of 99 expected messages"))
    let begin = try #require(try peer.events("start").first)
    #expect(begin.member == 0 && begin.group == "\(group.address)" && begin.interfaces == ["lo"])
    #expect(begin.peers == "0-1" && begin.epoch == 60)
    #expect(try peer.events("sent").map(\.text) == ["mine, message #1"])
    #expect(try peer.events("end").first?.reason == "count")
    #expect(try peer.errors.contains("TTL 0"))
  }

  @Test("a variable that contradicts the command line is ignored, and others are used")
  func input() async throws {
    let lines = try group.start(
      0, ["--rate", "1000", "-o", "json"], input: "seq 3",
      environment: ["MCAST_PEER_STDIN": "1", "MCAST_PEER_INTERVAL": "1", "MCAST_PEER_LISTEN": ""])
    #expect(try await lines.exitCode() == 0)
    #expect(try lines.events("sent").map(\.text) == ["1", "2", "3"])
    let begin = ContinuousClock.now
    let paced = try group.start(
      0, ["--stdin", "-o", "json"], input: "seq 6",
      environment: ["MCAST_PEER_RATE": "20", "MCAST_PEER_LISTEN": "1", "MCAST_PEER_INTERVAL": "99"])
    #expect(try await paced.exitCode() == 0)
    #expect(ContinuousClock.now - begin >= .milliseconds(250))
    #expect(try paced.events("sent").count == 6)
    let timer = try self.start(
      ["1", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-c", "1"], ["MCAST_PEER_DATAGRAM": "1"])
    #expect(try await timer.exitCode() == 0)
    let listens = try start(
      ["1", "-I", "lo", "-g", "\(group.address)", "--listen", "--deadline", "0.1"],
      ["MCAST_PEER_STDIN": "1", "MCAST_PEER_INTERVAL": "1"])
    #expect(try await listens.exitCode() == 0)
    #expect(try listens.output.contains("Node 1: Listening..."))
    let sends = try start(
      ["1", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--interval", "0.1", "-c", "1"],
      ["MCAST_PEER_LISTEN": "1", "MCAST_PEER_RATE": "5"])
    #expect(try await sends.exitCode() == 0)
    try await sends.waitForLine("Node 1: Sending messages every 0.1 seconds...")
  }

  @Test(
    "an invalid value of a variable is a usage error that names the variable",
    arguments: [
      ("NODE_ID", "256", "0 to 255"), ("GROUP", "10.0.0.1", "not a multicast address"), ("TTL", "256", "0 to 255"),
      ("PEERS", "5-2", "2-5"), ("INTERVAL", "0", "0.001"), ("RATE", "-1", "rate"), ("COUNT", "0", "from 1"),
      ("OUTPUT", "xml", "text or json or raw"), ("DEADLINE", "never", "deadline"), ("EXPECT", "0", "from 1"),
      ("EPOCH", "65536", "1 to 65535"), ("ENGINE", "rot13", "libcrypto"), ("SOURCE", "somewhere", "192.0.2.7"),
      ("STDIN", "yes", "1 or to 0"), ("LISTEN", "2", "1 or to 0"), ("NO_LOOP", "true", "1 or to 0"),
      ("DATAGRAM", "no", "1 or to 0"), ("STATS", "on", "1 or to 0"), ("VERBOSE", "v", "1 or to 0"),
      ("ALLOW_CORE_DUMPS", "y", "1 or to 0"), ("COUNT", "1 --listen", "from 1"), ("NODE_ID", "--listen", "NODE_ID"),
    ])
  func invalid(name: String, value: String, hint: String) async throws {
    let peer = try start(["0", "-I", "lo"], ["MCAST_PEER_\(name)": value])
    #expect(try await peer.exitCode() == 64)
    let errors = try peer.errors
    #expect(errors.contains("Z error MCAST_PEER_\(name) is '\(value)': ") && errors.contains(hint), "\(errors)")
    #expect(errors.split(separator: "\n").count == 1)
    #expect(try peer.output == "")
  }

  /// True if a text has no invisible characters except line breaks.
  func isVisible(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0 == "\n" || !$0.isInvisible }
  }

  @Test(
    "an invisible character at the end of a value is printed as an escape, and is an error if the value is invalid",
    arguments: Environment.all.map(\.option), ["\r", "\u{200B}"])
  func invisible(option: String, end: String) async throws {
    let values = [
      "node-id": "1", "group": "\(group.address)", "interface": "lo", "source": "127.0.0.1", "ttl": "0", "peers": "0-2",
      "interval": "0.01", "rate": "100", "count": "1", "output": "json", "deadline": "0.1", "expect": "1", "epoch": "9",
      "engine": "wolfssl", "secret-file": "/none/secret", "roster": "/none/roster", "identity": "/none/identity",
      "state-dir": "\(group.home.path)/elsewhere",
      "message": "text", "metrics-file": "\(group.home.path)/metrics",
    ]
    let variable = Environment.variable(option)
    var environment = ["MCAST_PEER_NODE_ID": "1", "MCAST_PEER_INTERFACE": "lo", "MCAST_PEER_TTL": "0"]
    environment["MCAST_PEER_GROUP"] = "\(group.address)"
    environment["MCAST_PEER_COUNT"] = "1"
    environment["MCAST_PEER_INTERVAL"] = option == "rate" ? nil : "0.01"
    environment[variable] = (values[option] ?? "1") + end
    let peer = try start([], environment)
    let (code, errors) = (try await peer.exitCode(), try peer.errors)
    let shown = end == "\r" ? "\\r" : "\\u{200B}"
    #expect(errors.contains(shown) && isVisible(errors), "\(errors)")
    switch option {
    case "message", "metrics-file", "state-dir":
      // Such values are valid, but hardly intended, so they cause a warning.
      #expect(
        code == 0 && errors.contains("\(variable) begins or ends with an invisible character (\(shown)"), "\(errors)")
    case "interface": #expect(code == 69)
    case "secret-file", "roster", "identity": #expect(code == 78)
    default: #expect(code == 64 && errors.contains("\(variable) is '"), "\(errors)")
    }
    if code != 0 { #expect(errors.split(separator: "\n").count == 1, "\(errors)") }
  }

  @Test(
    "invisible characters in arguments of any command are printed as escapes",
    arguments: [
      "0 -g$X", "0 --group=$X", "0 -g $X", "0 --peers $X", "$X", "0 --no-such$X", "0 $X", "-I $X 0", "0 -o $X",
      "watch $X",
      "watch -I $X", "doctor -t $X", "doctor -I lo --wait 0.1 -k $X", "secret id -k $X", "secret new $X", "secret $X",
      "secret rotate drop $X", "0 -k $X", "0 -I lo --state-dir /proc/$X",
      "help $X",
    ])
  func invisibleArgument(line: String) async throws {
    let secret = line.contains("-k") || line.contains("drop") ? nil : Vectors.shared.secret
    let peer = try PeerProcess(
      [], home: group.home, secret: secret,
      shell:
        "X=$(printf '/none\\r\\n\\033[2Jx\\302\\240\\rE'); X=${X%E}; exec \"$0\" \(line.replacing("$X", with: "\"$X\""))"
    )
    let (_, errors, output) = (try await peer.exitCode(), try peer.errors, try peer.output)
    #expect(isVisible(errors) && isVisible(output), "\(errors)")
    if line != "help $X" { #expect((errors + output).contains("/none\\r\\n\\x1B[2Jx\\u{00A0}\\r"), "\(errors)") }
  }

  @Test(
    "a secret with an invisible end or with quotes causes a warning in every command, and is not printed",
    arguments: [
      ("a swordfish of some length\r", "ends with a carriage return (\\r)"),
      ("a swordfish of some length\u{A0}", "an invisible character"),
      ("a swordfish of some length\u{FEFF}", "an invisible character"),
      ("\"a swordfish of some length\"", "a quotation mark"), ("'a swordfish of some length'", "a quotation mark"),
    ], [true, false])
  func doubtfulSecret(doubtful: (secret: String, sign: String), isInFile: Bool) async throws {
    let (secret, sign) = doubtful
    // In a file, one carriage return belongs to the line end.
    let ring = RingFileOfMember(secret + (secret.hasSuffix("\r") ? "\r" : ""))
    let file = isInFile ? ["-k", ring.path] : []
    for command in [
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-c", "1"], ["secret", "id"],
      ["doctor", "-I", "lo", "-g", "\(group.address)", "--wait", "0.1"],
    ] {
      let process = try PeerProcess(command + file, home: group.home, secret: isInFile ? nil : secret)
      _ = try await process.exitCode()
      let text = try process.errors + process.output
      let found = try process.findings.joined(separator: "\n")
      #expect(text.contains(sign) || found.contains(sign), "\(command): \(text)")
      #expect(isVisible(text) && !text.contains("swordfish"), "\(command): \(text)")
    }
    let watch = try PeerProcess(
      ["watch", "-I", "lo", "-g", "\(group.address)"] + file, home: group.home, secret: isInFile ? nil : secret)
    try await watch.waitForError("listening only")
    #expect(try watch.errors.contains(sign))
    watch.signal(SIGINT)
    #expect(try await watch.exitCode() == 0)
  }

  @Test("a variable can name the secret file, for a peer and for the secret commands")
  func secretFile() async throws {
    let ring = RingFileOfMember(Vectors.shared.secret)
    let variable = ["MCAST_PEER_SECRET_FILE": ring.path]
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-c", "1"], home: group.home, environment: variable)
    #expect(try await peer.exitCode() == 0)
    #expect(try peer.errors.contains(ring.path.suffix(20)))
    let named = try PeerProcess(["secret", "id"], home: group.home, environment: variable)
    #expect(try await named.exitCode() == 0)
    let given = try PeerProcess(["secret", "id", "-k", ring.path], home: group.home)
    #expect(try await given.exitCode() == 0)
    #expect(try named.output == given.output && named.output != "")
  }
}
