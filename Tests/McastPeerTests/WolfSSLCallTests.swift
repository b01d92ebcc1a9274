import Foundation
import TestSupport
import Testing

/// Real processes with a small library that counts the calls of wolfSSL.
@Suite("Calls of wolfSSL")
struct WolfSSLCallTests {
  /// The calls at the start for each secret: wolfSSL alone seals a record, the shared context seals the same, and that
  /// record is opened once.
  private static let start = (writes: 2, payloads: 1)

  private let group = LoopbackGroup()
  private let calls: WolfSSLCalls

  init() throws {
    calls = try WolfSSLCalls()
  }

  @Test(
    "each single message has one wolfSSL_write when sent, and one wolfSSL_mcast_read with its payload when delivered",
    arguments: [[], ["--encrypt"]], ["libcrypto", "wolfssl"])
  func oneByOne(suite: [String], engine: String) async throws {
    let peers = try (0...1).map { node in
      try PeerProcess(
        ["\(node)", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-i", "0.05", "--engine", engine] + suite,
        home: group.home, secret: Vectors.shared.secret, environment: calls.environment(node))
    }
    for (node, peer) in peers.enumerated() {
      let other = 1 - node
      try await peer.waitUntilHeard(other, count: 20)
    }
    for (node, peer) in peers.enumerated() {
      peer.signal(SIGTERM)
      #expect(try await peer.exitCode() == 0)
      try check(node, sent: peer.lines(with: "Sent: "), delivered: peer.lines(with: "Received from"))
    }
  }

  @Test("each message of a batch has one wolfSSL_write and one wolfSSL_mcast_read", arguments: [[], ["--encrypt"]])
  func batches(suite: [String]) async throws {
    let receiver = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--listen"] + suite, home: group.home,
      secret: Vectors.shared.secret, environment: calls.environment(0))
    try await receiver.waitForError("peers 0-2")
    let sender = try group.start(
      1, ["--stdin"] + suite, input: "seq 1 2000", environment: calls.environment(1))
    #expect(try await sender.exitCode() == 0)
    try await eventually("the last message") { try receiver.output.contains("\"2000\"") }
    receiver.signal(SIGTERM)
    #expect(try await receiver.exitCode() == 0)
    try check(0, sent: 0, delivered: receiver.lines(with: "Received from"))
    try check(1, sent: 2000, delivered: 0)
  }

  private func check(_ node: Int, sent: Int, delivered: Int) throws {
    let contexts = try calls.counted(node)
    #expect(contexts.map(\.writes).reduce(0, +) == sent + Self.start.writes, "\(contexts)")
    #expect(contexts.map(\.payloads).reduce(0, +) == delivered + Self.start.payloads, "\(contexts)")
    // Except for those of the start, all sessions belong to one context.
    let shared = contexts.filter { $0.writes + $0.payloads > 1 }
    #expect(shared.count == 1 && shared[0].writes == sent + 1 && shared[0].payloads == delivered, "\(contexts)")
  }
}

/// A library loaded before wolfSSL that counts its calls by context, in a file for each process.
private struct WolfSSLCalls {
  private let directory = TemporaryDirectory()
  private let library: String

  init() throws {
    let source = directory.write(
      """
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <fcntl.h>
      #include <stdint.h>
      #include <stdlib.h>
      #include <sys/mman.h>
      #include <unistd.h>
      typedef struct { uint64_t context, writes, payloads; } line;
      enum { lines = 64 };
      static line *table;
      __attribute__((constructor)) static void begin(void) {
        int file = open(getenv("WOLFSSL_CALLS"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0 || ftruncate(file, lines * sizeof(line)) < 0) abort();
        table = mmap(NULL, lines * sizeof(line), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (table == MAP_FAILED) abort();
        close(file);
      }
      static line *of(void *ssl) {
        uint64_t context = (uint64_t)((void *(*)(void *))dlsym(RTLD_NEXT, "wolfSSL_get_SSL_CTX"))(ssl);
        for (int i = 0; i < lines; i++) {
          uint64_t none = 0;
          __atomic_compare_exchange_n(&table[i].context, &none, context, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
          if (table[i].context == context) return &table[i];
        }
        abort();
      }
      int wolfSSL_write(void *ssl, const void *data, int size) {
        static int (*next)(void *, const void *, int);
        if (!next) next = dlsym(RTLD_NEXT, "wolfSSL_write");
        __atomic_fetch_add(&of(ssl)->writes, 1, __ATOMIC_SEQ_CST);
        return next(ssl, data, size);
      }
      int wolfSSL_mcast_read(void *ssl, unsigned short *member, void *data, int size) {
        static int (*next)(void *, unsigned short *, void *, int);
        if (!next) next = dlsym(RTLD_NEXT, "wolfSSL_mcast_read");
        int count = next(ssl, member, data, size);
        if (count > 0) __atomic_fetch_add(&of(ssl)->payloads, 1, __ATOMIC_SEQ_CST);
        return count;
      }
      """, to: "calls.c")
    library = "\(directory.path)/calls.so"
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/env")
    compiler.arguments = ["clang", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]
    try compiler.run()
    guard compiler.waitForExitStatus() == 0 else { throw Timeout(description: "clang made no library") }
  }

  func environment(_ process: Int) -> [String: String] {
    ["LD_PRELOAD": library, "WOLFSSL_CALLS": "\(directory.path)/\(process)"]
  }

  /// The counts of each context.
  func counted(_ process: Int) throws -> [(context: UInt64, writes: Int, payloads: Int)] {
    let numbers = try Data(contentsOf: URL(filePath: "\(directory.path)/\(process)"))
      .withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)) }
    return stride(from: 0, to: numbers.count, by: 3).filter { numbers[$0] != 0 }
      .map { (numbers[$0], Int(numbers[$0 + 1]), Int(numbers[$0 + 2])) }
  }
}

extension PeerProcess {
  fileprivate func lines(with text: String) throws -> Int {
    try lines.filter { $0.contains(text) }.count
  }
}
