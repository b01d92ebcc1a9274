// swift-tools-version: 6.3

import PackageDescription

let package = Package(
  name: "mcast-peer",
  targets: [
    .systemLibrary(name: "CWolfSSL", pkgConfig: "wolfssl", providers: [.apt(["libwolfssl-dev"])]),
    .target(name: "CDatagram"),
  ]
)
