import Foundation
import TestSupport
import Testing

@Suite("wolfSSL without multicast")
struct ShimTests {
  @Test("a wolfSSL without multicast stops the build with an error that names the package and the build options")
  func compileTime() throws {
    let headers = TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: "\(headers.path)/wolfssl", withIntermediateDirectories: true)
    headers.write("#define WOLFSSL_DTLS\n", to: "wolfssl/options.h")
    let shim = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/CWolfSSL/shim.h")

    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/env")
    compiler.arguments = ["clang", "-fsyntax-only", "-x", "c", "-I\(headers.path)", shim.path]
    let errors = Pipe()
    compiler.standardError = errors
    try compiler.run()
    let output = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)

    #expect(compiler.waitForExitStatus() != 0)
    #expect(output.contains("libwolfssl-dev"))
    #expect(output.contains("--enable-dtls --enable-mcast"))
  }
}
