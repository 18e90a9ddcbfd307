// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is built with: data races, missing imports and warnings are errors.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// Bindings touch raw memory, so every unsafe expression in them is marked.
let strictBinding: [SwiftSetting] = strict + [.strictMemorySafety()]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1: Target.Dependency = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")

/// A C library of the system and the Swift module with its safe handles.
func binding(_ name: String, c: String, _ dependencies: [Target.Dependency] = []) -> [Target] {
  [
    .systemLibrary(name: c, path: "Sources/Bindings/\(c)"),
    .target(
      name: name, dependencies: [.target(name: c)] + dependencies,
      path: "Sources/Bindings/\(name)", swiftSettings: strictBinding),
  ]
}

/// A module that several executables share.
func shared(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/Shared/\(name)", exclude: exclude,
    swiftSettings: strict)
}

/// One executable: a library with all the logic, and a thin command over it.
func service(
  _ name: String, core: [Target.Dependency], command: [Target.Dependency] = [],
  resources: [Resource] = []
) -> [Target] {
  [
    .target(
      name: "\(name)Core", dependencies: core, path: "Sources/\(name)/Core", resources: resources,
      swiftSettings: strict),
    .executableTarget(
      name: "\(name)Command",
      dependencies: [.target(name: "\(name)Core"), "Messaging", "ServiceKit", argumentParser] + command,
      path: "Sources/\(name)/Command", swiftSettings: strict),
  ]
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: ["TestSupport"] + dependencies, path: "Tests/\(name)",
    exclude: exclude, swiftSettings: strict)
}

let bindings: [Target] =
  binding("ZeroMQ", c: "CZeroMQ")
  + binding("PostgreSQL", c: "CPostgreSQL", [logging])
  + binding("Mosquitto", c: "CMosquitto")
  + binding("OpenSSL", c: "COpenSSL")
  + [
    // libcurl brings many libraries with it, so it is opened at run time, and not by the process that runs an app.
    .target(name: "CCurl", path: "Sources/Bindings/CCurl", linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "Curl", dependencies: ["CCurl"], path: "Sources/Bindings/Curl", swiftSettings: strictBinding),
    // The engine comes as a shared object without headers or a SONAME, so it is opened at run
    // time, and only by processes that run an app or look at one's code.
    .target(name: "CWasmtime", path: "Sources/Bindings/CWasmtime", linkerSettings: [.linkedLibrary("dl")]),
    .target(
      name: "Wasmtime", dependencies: ["CWasmtime"], path: "Sources/Bindings/Wasmtime",
      swiftSettings: strictBinding),
  ]
  // Calls of Linux that Swift can't import; the headers come with glibc.
  + binding("Linux", c: "CLinux")

let sharedModules: [Target] = [
  shared("FirmwareImage", ["OpenSSL"]),
  shared("Wire", [protobuf], exclude: ["Protocols"]),
  shared("Messaging", ["Linux", "ZeroMQ", "Wire", protobuf, logging, metrics, coreMetrics, lifecycle]),
  shared(
    "ServiceKit",
    [
      "Messaging", "Wire", "ZeroMQ", argumentParser, configuration, logging, metrics, coreMetrics, lifecycle,
      unixSignals, protobuf,
    ]),
  shared(
    "ServiceHTTP",
    [
      "CLinux", "FirmwareImage", "Messaging", "OpenSSL", "ServiceKit", "Wire", hummingbird, hummingbirdCore, httpTypes,
      nioCore, nioHTTP1, nioHTTPTypes, nioHTTPTypesHTTP1, nioSSL, nioTLS, logging, metrics, lifecycle,
    ]),
]

let registry: [Target] = [
  .target(
    name: "RegistryCore",
    dependencies: [
      "PostgreSQL", "OpenSSL", "Curl", "FirmwareImage", "Wire", "Messaging", "ServiceKit", "ServiceHTTP", hummingbird,
      httpTypes, nioCore, protobuf, logging, metrics, lifecycle,
    ],
    path: "Sources/Registry", exclude: ["Command"], swiftSettings: strict),
  .executableTarget(
    name: "RegistryCommand",
    dependencies: ["RegistryCore", "FirmwareImage", "Messaging", "ServiceKit", argumentParser],
    path: "Sources/Registry/Command", swiftSettings: strict),
]

let services: [Target] =
  registry
  + service(
    "ImageStore",
    core: [
      "CLinux", "OpenSSL", "Curl", "Wasmtime", "FirmwareImage", "Wire", "Messaging", "ServiceKit", "ServiceHTTP",
      hummingbird, httpTypes, nioCore, nioPosix, protobuf, logging, metrics, lifecycle,
    ])
  + service(
    "Notifier",
    core: [
      "Mosquitto", "FirmwareImage", "Wire", "Messaging", "ServiceKit", "ServiceHTTP", protobuf, logging,
      metrics, lifecycle,
    ])
  + service(
    "Provisioner",
    core: [
      "PostgreSQL", "OpenSSL", "Curl", "FirmwareImage", "Wire", "Messaging", "ServiceKit", "ServiceHTTP", hummingbird,
      httpTypes, nioCore, protobuf, logging, metrics, lifecycle,
    ])
  + service(
    "DeviceRuntime",
    core: [
      "CLinux", "Linux", "ZeroMQ", "Mosquitto", "Curl", "OpenSSL", "Wasmtime", "FirmwareImage", "Wire", "Messaging",
      "ServiceKit", protobuf, logging, metrics, lifecycle,
    ],
    command: ["Curl", "FirmwareImage", "OpenSSL", "Wire"])

/// All of them, or those that `XTBLISH_TESTS` names ("Registry,Notifier"): while you work on one module, the others'
/// tests need not be built.
let chosenTests = Context.environment["XTBLISH_TESTS"]?.split(separator: ",").map { "\($0)Tests" }

let testTargets: [Target] = [
  .target(
    name: "TestSupport", dependencies: ["CLinux", "PostgreSQL", "Curl", "OpenSSL", logging], path: "Tests/TestSupport",
    swiftSettings: strict),
  tests("ZeroMQ", ["ZeroMQ"]),
  tests("PostgreSQL", ["PostgreSQL"]),
  tests("Mosquitto", ["Mosquitto"]),
  tests("OpenSSL", ["OpenSSL"]),
  tests("Curl", ["Curl"]),
  tests("Wasmtime", ["Wasmtime"]),
  tests("FirmwareImage", ["FirmwareImage", "OpenSSL", "FuzzTargets"]),
  // What the fuzzers and the replay of what they found have in common.
  .target(
    name: "FuzzTargets", dependencies: ["FirmwareImage", "OpenSSL"], path: "Tests/Fuzz/Targets", swiftSettings: strict),
  tests(
    "Messaging", ["Messaging", "ZeroMQ", "Wire", protobuf, logging, lifecycle], exclude: ["python"]),
  // A process of its own, for the tests of Messaging to kill.
  .executableTarget(
    name: "MessagingTestServer", dependencies: ["Messaging", "Wire", protobuf, logging, lifecycle, unixSignals],
    path: "Tests/MessagingServer", swiftSettings: strict),
  // A process that confines itself as an app's does and then tries a system call, for the tests of the device.
  .executableTarget(
    name: "SandboxProbe", dependencies: ["DeviceRuntimeCore"], path: "Tests/SandboxProbe", swiftSettings: strict),
  // Measures the bus beside bare libzmq.
  .executableTarget(
    name: "RPCBenchmark", dependencies: ["Messaging", "Wire", protobuf, logging], path: "Benchmarks/RPC",
    exclude: ["bare_zmq.c", "run"], swiftSettings: strict),
  // Measures how many reports of devices are stored, beside bare PostgreSQL.
  .executableTarget(
    name: "ReportsBenchmark", dependencies: ["RegistryCore", "FirmwareImage", "PostgreSQL", logging],
    path: "Benchmarks/Reports", exclude: ["run"], swiftSettings: strict),
  // Measures apps beside native code.
  .executableTarget(
    name: "AppBenchmark", dependencies: ["DeviceRuntimeCore"], path: "Benchmarks/Apps", exclude: ["kernels.c", "run"],
    swiftSettings: strict),
  // Measures what an app on a device gets.
  .executableTarget(
    name: "HostAPIBenchmark", dependencies: ["DeviceRuntimeCore"], path: "Benchmarks/HostAPI",
    exclude: ["calls.wat", "run", "ticks.wat", "timerfd.c"], swiftSettings: strict),
  tests(
    "ServiceKit",
    [
      "ServiceKit", "Messaging", "Wire", "ZeroMQ", argumentParser, logging, metrics, coreMetrics, lifecycle,
      unixSignals,
    ]),
  tests(
    "ServiceHTTP",
    [
      "ServiceHTTP", "FirmwareImage", "Messaging", "OpenSSL", "ServiceKit", "Wire", hummingbird, httpTypes, nioCore,
      logging, coreMetrics, lifecycle,
    ]),
  tests(
    "Registry",
    [
      "RegistryCore", "PostgreSQL", "OpenSSL", "FirmwareImage", "Wire", "Messaging", "ServiceKit", "ServiceHTTP",
      "Curl", "Wasmtime",
      hummingbird, httpTypes, protobuf, logging, lifecycle,
    ]),
  tests(
    "ImageStore",
    [
      "ImageStoreCore", "OpenSSL", "Curl", "FirmwareImage", "Wire", "Messaging", "ServiceKit", "ServiceHTTP",
      hummingbird, httpTypes, nioCore, protobuf, logging, lifecycle,
    ]),
  tests(
    "Notifier",
    [
      "NotifierCore", "Mosquitto", "FirmwareImage", "Wire", "Messaging", "ServiceKit", protobuf, logging, lifecycle,
    ]),
  tests(
    "Provisioner",
    [
      "ProvisionerCore", "PostgreSQL", "OpenSSL", "Curl", "FirmwareImage", "Wire", "Messaging", "ServiceKit",
      "ServiceHTTP",
      protobuf, logging, lifecycle,
    ]),
  tests(
    "DeviceRuntime",
    [
      "CLinux", "DeviceRuntimeCore", "ZeroMQ", "Mosquitto", "OpenSSL", "Curl", "Wasmtime", "FirmwareImage", "Wire",
      "Messaging", "ServiceKit", protobuf, logging, lifecycle,
    ]),
  tests(
    "Integration",
    [
      "RegistryCore", "ImageStoreCore", "NotifierCore", "ProvisionerCore", "PostgreSQL", "Mosquitto", "Curl",
      "OpenSSL", "FirmwareImage", "Wire", "Messaging", "ServiceKit", protobuf, logging, lifecycle,
    ]),
  tests(
    "EndToEnd", ["Curl", "OpenSSL", "PostgreSQL", "Mosquitto", "ZeroMQ", "Wire", protobuf],
    exclude: ["Apps", "attacks", "check_image.py", "check_signed_image.py", "hostile.py"]),
].filter { $0.type != .test || chosenTests?.contains($0.name) ?? true }

let package = Package(
  name: "xtblish",
  products: [
    .executable(name: "xtblish-registry", targets: ["RegistryCommand"]),
    .executable(name: "xtblish-image-store", targets: ["ImageStoreCommand"]),
    .executable(name: "xtblish-notifier", targets: ["NotifierCommand"]),
    .executable(name: "xtblish-provisioner", targets: ["ProvisionerCommand"]),
    .executable(name: "xtblish-device", targets: ["DeviceRuntimeCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    // Without its JSON trait, which brings all of Foundation into every process.
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.20.0"),
    // TLS of the HTTP servers: NIO's own handler, so that none of ours stands between a socket and its keys.
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: bindings + sharedModules + services + testTargets
)
