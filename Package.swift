// swift-tools-version: 6.3

import PackageDescription

// `make unit` and `make docs` set WARNINGS_AS_ERRORS; a user with a newer compiler is not stopped by its new warnings.
let strict: [SwiftSetting] =
  [.strictMemorySafety()] + (Context.environment["WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)])

// `make fuzz` sets FUZZ: the library and the oracle are then built so that libFuzzer sees which way an input takes,
// and its executable is there. Without it no build needs libFuzzer.
let isFuzzing = Context.environment["FUZZ"] != nil
let watched: [SwiftSetting] = isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer"])] : []
let fuzzTargets: [Target] =
  isFuzzing
  ? [
    .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
    .executableTarget(
      name: "fuzz",
      dependencies: ["CLibFuzzer", "FuzzBody"],
      path: "Tests/Fuzz/Run",
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]
    ),
  ] : []

// `make tsan` and `make asan` set SANITIZER. ThreadSanitizer is then shown what it cannot see of Swift's Mutex, and
// LeakSanitizer finds libcrypto whole when a process ends.
let sanitizerTargets: [Target] =
  switch Context.environment["SANITIZER"] {
  case "tsan": [.target(name: "TSanMutex", path: "Tests/TSanMutex")]
  case "asan": [.target(name: "LSanLibcrypto", dependencies: ["COpenSSL"], path: "Tests/LSanLibcrypto")]
  default: []
  }

let package = Package(
  name: "mcast-peer",
  products: [
    .library(name: "MulticastDTLS", targets: ["MulticastDTLS"]),
    .executable(name: "mcast-peer", targets: ["mcast-peer"]),
    .executable(name: "mcast-bench", targets: ["mcast-bench"]),
  ],
  // A package that uses the library names no trait (`traits: []`), and so needs neither dependency.
  traits: [
    .default(enabledTraits: ["Command", "Benchmark"]),
    .trait(name: "Command", description: "The command mcast-peer, which needs swift-argument-parser."),
    .trait(
      name: "Benchmark", description: "The benchmark mcast-bench, which needs hdrhistogram-swift.",
      enabledTraits: ["Command"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics.git", from: "2.5.0"),
    .package(url: "https://github.com/apple/swift-system.git", from: "1.4.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.6.0"),
    // Only the tests use it: records made and checked by code that is not wolfSSL's.
    .package(url: "https://github.com/apple/swift-crypto.git", "3.0.0"..<"5.0.0"),
    // Only the benchmark uses it.
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
  ],
  targets: [
    .systemLibrary(name: "CWolfSSL", pkgConfig: "wolfssl", providers: [.apt(["libwolfssl-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CDatagram"),
    // Keeps the first milliseconds of the command from signals.
    .target(name: "CEarlySignals"),
    // Texts and rate limits that the library and the command share.
    .target(name: "CommonSupport", swiftSettings: strict),
    .target(
      name: "MulticastDTLS",
      dependencies: [
        "CDatagram",
        "COpenSSL",
        "CommonSupport",
        "CWolfSSL",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SystemPackage", package: "swift-system"),
      ] + sanitizerTargets.map { .byName(name: $0.name) },
      swiftSettings: strict + watched
    ),
    .executableTarget(
      name: "mcast-peer",
      dependencies: [
        "CEarlySignals",
        "COpenSSL",
        "CommonSupport",
        "MulticastDTLS",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Command"])),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict
    ),
    // The programs of the documentation's articles.
    .executableTarget(
      name: "leader",
      dependencies: [
        "MulticastDTLS",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      path: "Examples/Leader",
      swiftSettings: strict
    ),
    .executableTarget(
      name: "sensor",
      dependencies: [
        "MulticastDTLS",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      path: "Examples/Service",
      swiftSettings: strict
    ),
    .executableTarget(
      name: "orders",
      dependencies: [
        "MulticastDTLS",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Examples/Signed",
      swiftSettings: strict
    ),
    // Makes the manual page and the completions of what the command says of its options; it is not installed.
    .executableTarget(name: "generator"),
    .target(name: "CBaseline", dependencies: ["COpenSSL", "CWolfSSL"], path: "Benchmarks/CBaseline"),
    .target(name: "CBenchSupport", dependencies: ["CWolfSSL"], path: "Benchmarks/CBenchSupport"),
    .executableTarget(
      name: "mcast-bench",
      dependencies: [
        "CBaseline",
        "CBenchSupport",
        "MulticastDTLS",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Command"])),
        .product(
          name: "Histogram", package: "hdrhistogram-swift", condition: .when(traits: ["Benchmark"])),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Benchmarks/McastBench",
      swiftSettings: strict
    ),
    .target(
      name: "TestSupport",
      dependencies: [
        "MulticastDTLS",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/TestSupport",
      resources: [.process("Resources")]
    ),
    .target(
      name: "FuzzBody",
      dependencies: ["MulticastDTLS", "TestSupport"],
      path: "Tests/Fuzz/Body",
      swiftSettings: watched
    ),
    .testTarget(
      name: "MulticastDTLSTests",
      dependencies: [
        "CommonSupport", "FuzzBody", "MulticastDTLS", "TestSupport",
        .product(name: "MetricsTestKit", package: "swift-metrics"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    .testTarget(
      name: "McastPeerTests",
      dependencies: [
        "CommonSupport", "leader", "mcast-peer", "MulticastDTLS", "orders", "sensor", "TestSupport",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Metrics", package: "swift-metrics"),
      ]),
    .testTarget(name: "McastBenchTests", dependencies: ["TestSupport", "mcast-bench"]),
  ] + fuzzTargets + sanitizerTargets
)
