// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: Swift 6 language mode, warnings are errors.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let collections: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "kagzi",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "kagzi", targets: ["KagziCLI"]),
    .executable(name: "kagzi-bench", targets: ["KagziBench"]),
    .library(name: "Kagzi", targets: ["Kagzi"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
  ],
  targets: [
    // C, fenced: one system library a module map, one Swift importer each.
    .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CMessages", dependencies: ["CProtobufC"]),

    // Contract and transport.
    .target(name: "Messages", dependencies: ["CMessages"], swiftSettings: strict),
    .target(name: "HTTP2", dependencies: ["CNghttp2"], swiftSettings: strict),
    .target(
      name: "GRPC", dependencies: ["HTTP2", "Messages", "CZlib", nioCore, nioPosix, nioSSL, nioTLS, logging],
      swiftSettings: strict),

    // Durable state.
    .target(name: "Engine", dependencies: [collections], swiftSettings: strict),
    .target(name: "Postgres", dependencies: ["CLibpq", logging], swiftSettings: strict),
    .target(name: "PostgresCluster", dependencies: ["Postgres", logging], swiftSettings: strict),
    .target(name: "Meters", swiftSettings: strict),
    .target(
      name: "Store", dependencies: ["Postgres", "Engine", "Meters", collections, logging], swiftSettings: strict),

    // The coordinator.
    .target(
      name: "Services", dependencies: ["GRPC", "Messages", "Store", "Engine", "Meters", collections, logging],
      swiftSettings: strict),
    .target(
      name: "Maintenance", dependencies: ["Services", "Store", "Postgres", "Engine", lifecycle, logging],
      swiftSettings: strict),
    .target(
      name: "OperatorHTTP",
      dependencies: ["Services", "Messages", "Engine", "Meters", hummingbird, lifecycle, logging, nioPosix],
      swiftSettings: strict),
    .target(
      name: "Server",
      dependencies: [
        "Services", "Maintenance", "Store", "Postgres", "Engine", "GRPC", "PostgresCluster", "Messages", lifecycle,
        "Meters", "OperatorHTTP", system, unixSignals, configuration, logging, nioPosix, nioSSL,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "KagziCLI", dependencies: ["Server", "Services", "GRPC", "Messages", arguments, logging, nioPosix],
      swiftSettings: strict),

    // The Swift SDK.
    .target(name: "Kagzi", dependencies: ["GRPC", "Messages", lifecycle, logging, nioPosix], swiftSettings: strict),
    .executableTarget(
      name: "SimpleExample", dependencies: ["Kagzi"], path: "examples/swift/Simple", swiftSettings: strict),
    .executableTarget(
      name: "OrderFulfilmentExample", dependencies: ["Kagzi"], path: "examples/swift/OrderFulfilment",
      swiftSettings: strict),
    .executableTarget(
      name: "ScenarioExamples", dependencies: ["Kagzi"], path: "examples/swift/Scenarios", swiftSettings: strict),
    .executableTarget(
      name: "DemoWorker", dependencies: ["Kagzi"], path: "examples/demo/DemoWorker", swiftSettings: strict),
    .testTarget(name: "KagziTests", dependencies: ["Kagzi", "GRPC", "Messages", logging], swiftSettings: strict),
    .testTarget(
      name: "MessagesTests", dependencies: ["Messages"], exclude: ["Golden"], swiftSettings: strict),

    // What `make bench` measures with.
    .executableTarget(
      name: "KagziBench", dependencies: ["Kagzi", "GRPC", "Messages", "PostgresCluster", nioPosix, logging],
      path: "benchmarks/swift", swiftSettings: strict),

    // Tests, and what several of them use.
    .target(
      name: "GRPCTestSupport", dependencies: ["GRPC", "Messages", nioCore, nioPosix, nioSSL, logging],
      path: "Tests/Support/GRPCTestSupport", swiftSettings: strict),
    .executableTarget(
      name: "GRPCTestServer", dependencies: ["GRPC", "GRPCTestSupport", nioCore, nioPosix],
      path: "Tests/Support/GRPCTestServer", swiftSettings: strict),
    .testTarget(name: "HTTP2Tests", dependencies: ["HTTP2"], swiftSettings: strict),
    .testTarget(
      name: "GRPCTests",
      dependencies: ["GRPC", "GRPCTestSupport", "HTTP2", "Messages", nioCore, nioPosix, nioEmbedded, nioSSL, logging],
      swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: ["Postgres", "PostgresCluster", logging], path: "Tests/Support/TestSupport",
      swiftSettings: strict),
    .testTarget(
      name: "PostgresTests", dependencies: ["Postgres", "PostgresCluster", "TestSupport", logging],
      swiftSettings: strict),
    .testTarget(
      name: "PostgresClusterTests", dependencies: ["PostgresCluster", "Postgres", "TestSupport", logging],
      swiftSettings: strict),
    .testTarget(
      name: "StoreTests",
      dependencies: ["Store", "Postgres", "PostgresCluster", "TestSupport", "SeededRandom", "Engine", logging],
      swiftSettings: strict),
    .executableTarget(
      name: "HealthAndReflectionServer", dependencies: ["Services", "GRPC", "Messages", nioCore, nioPosix],
      path: "Tests/Support/HealthAndReflectionServer", swiftSettings: strict),
    .target(name: "SeededRandom", path: "Tests/Support/SeededRandom", swiftSettings: strict),
    .testTarget(name: "EngineTests", dependencies: ["Engine", "SeededRandom"], swiftSettings: strict),
    .testTarget(name: "MetersTests", dependencies: ["Meters"], swiftSettings: strict),
    .testTarget(
      name: "OperatorHTTPTests", dependencies: ["OperatorHTTP", "Services", "Messages"], swiftSettings: strict),
    .testTarget(name: "LayoutTests", swiftSettings: strict),
    .testTarget(
      name: "ServerTests", dependencies: ["Server", "Services", "OperatorHTTP", logging], swiftSettings: strict),
    .testTarget(name: "KagziCLITests", dependencies: ["KagziCLI", "Messages", arguments], swiftSettings: strict),
    .testTarget(
      name: "ServicesTests", dependencies: ["Services", "Engine", "GRPC", "Messages", "Postgres", "Store"],
      swiftSettings: strict),
  ]
)
