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
let dequeModule: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
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

/// Tests are compiled file by file, those alone that a change concerns, and not optimised: the whole module at once would
/// take most of the time between a change and its test's result.
let fileByFile: SwiftSetting = .unsafeFlags([
  "-Onone", "-no-whole-module-optimization", "-enable-batch-mode", "-incremental",
])

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: ["TestSupport"] + dependencies, path: "Tests/\(name)",
    exclude: exclude, swiftSettings: strict + [fileByFile])
}

/// For a program that opens only the libraries that it uses something of.
let onlyUsedLibraries: [LinkerSetting] = [
  .unsafeFlags([
    "-Xclang-linker", "--config", "-Xclang-linker",
    "\(Context.packageDirectory)/Sources/DeviceRuntime/AppHostCommand/linker.cfg",
  ])
]

let bindings: [Target] =
  binding("ZeroMQ", c: "CZeroMQ")
  + binding("PostgreSQL", c: "CPostgreSQL", [logging])
  + binding("Mosquitto", c: "CMosquitto", [dequeModule])
  + binding("OpenSSL", c: "COpenSSL")
  + binding("Sodium", c: "CSodium")
  + [
    // libcurl brings many libraries with it, so it is opened at run time, by a process that asks for something.
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
  // Identifiers, encodings, texts, clocks and small files: what every other module may use.
  shared("Foundations", []),
  // JSON, and text for people and terminals.
  shared("TextFormats", []),
  // The words of authorization: who asks, what a token allows, and why it is refused.
  shared("Authorization", ["Foundations"]),
  // What devices and services say to each other.
  shared("DeviceProtocol", ["Foundations"]),
  // Reads .wasm modules and judges whether they can be apps.
  shared("WebAssemblyModule", ["DeviceProtocol", "Foundations"]),
  // The image: its format, its signatures, and `VerifiedImage`, which alone may be loaded.
  shared("FirmwareImage", ["DeviceProtocol", "Foundations", "OpenSSL", "WebAssemblyModule"]),
  // Who may sign: root documents, each signed by the one before.
  shared("RootDocument", ["FirmwareImage", "Foundations", "OpenSSL"]),
  // A device's own software as a file that is signed.
  shared("RuntimeBundle", ["Foundations", "OpenSSL"]),
  // The messages of the bus, and which role may send them.
  shared("Wire", ["Foundations", protobuf], exclude: ["Protocols"]),
  // Requests and answers over ZeroMQ, encrypted, between peers that know each other.
  shared("Messaging", ["Foundations", "Linux", "Wire", "ZeroMQ", coreMetrics, lifecycle, logging, metrics, protobuf]),
  // What every program has: settings, logs, metrics, status, the base of its commands.
  shared(
    "ServiceKit",
    [
      "Authorization", "Foundations", "Messaging", "TextFormats", "Wire", "ZeroMQ", argumentParser, configuration,
      coreMetrics, lifecycle, logging, metrics, protobuf, unixSignals,
    ]),
  // How admin commands ask a service over HTTP, and what their operators are told when that fails.
  shared("AdminHTTP", ["Curl", "ServiceKit", "TextFormats"]),
  // What services with a database have in common.
  shared("ServiceDatabase", ["Foundations", "PostgreSQL", metrics]),
  // An HTTP server with limits, TLS, tokens and problem documents.
  shared(
    "ServiceHTTP",
    [
      "Authorization", "CLinux", "Foundations", "Messaging", "OpenSSL", "ServiceKit", "TextFormats", "Wire",
      httpTypes, hummingbird, hummingbirdCore, lifecycle, logging, metrics, nioCore, nioHTTP1, nioHTTPTypes,
      nioHTTPTypesHTTP1, nioPosix, nioSSL, nioTLS,
    ]),
  // Brings spans to a receiver of OpenTelemetry's protocol.
  shared(
    "TraceExport", ["Curl", "Foundations", "ServiceKit", lifecycle, logging, metrics, protobuf], exclude: ["Protocols"]),
  // How a service starts and stops: what each of the four is, and what runs it.
  shared(
    "ServiceHosting",
    ["Foundations", "Messaging", "ServiceHTTP", "ServiceKit", "TraceExport", argumentParser, lifecycle]),
]

/// A part of a service, with a boundary that the compiler keeps.
func part(_ name: String, _ path: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, path: "Sources/\(path)", swiftSettings: strict)
}

/// An executable: commands over a service's client, and its server for `serve`.
func command(_ service: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: "\(service)Command",
    dependencies: [
      .target(name: "\(service)Client"), .target(name: "\(service)Server"), "ServiceHosting", "ServiceKit",
      argumentParser,
    ] + dependencies,
    path: "Sources/\(service)/Command", swiftSettings: strict)
}

/// The rules, what others ask with, and the server's parts from the tables up, each of which sees those before it alone.
let registry: [Target] = [
  // Devices, versions, reports, tokens, and the rules for them. No database, no protocol.
  part(
    "RegistryDomain", "Registry/Domain",
    ["Authorization", "DeviceProtocol", "FirmwareImage", "Foundations", "OpenSSL", "RootDocument", "TextFormats"]),
  // What admin commands ask it, and the JSON documents that its HTTP interface and they have in common.
  part(
    "RegistryClient", "Registry/Client",
    [
      "AdminHTTP", "Curl", "DeviceProtocol", "FirmwareImage", "Foundations", "Messaging", "RegistryDomain",
      "RootDocument", "ServiceKit", "TextFormats", "WebAssemblyModule", "Wire", protobuf,
    ]),
  // Its tables: each change with its event, outbox row and line of the audit log in one transaction.
  part(
    "RegistryStorage", "Registry/Server/Storage",
    [
      "Authorization", "DeviceProtocol", "FirmwareImage", "Foundations", "OpenSSL", "PostgreSQL", "RegistryDomain",
      "RootDocument", "ServiceDatabase", "ServiceKit", "TextFormats", "Wire", lifecycle, metrics, protobuf,
    ]),
  // Who may do what, and that it is on record.
  part(
    "RegistryAuthority", "Registry/Server/Authority",
    [
      "Authorization", "Foundations", "Messaging", "RegistryDomain", "RegistryStorage", "ServiceKit", "TextFormats",
      "Wire", lifecycle, logging,
    ]),
  // What other services must be told, until they took it.
  part(
    "RegistryDelivery", "Registry/Server/Delivery",
    ["Foundations", "Messaging", "RegistryDomain", "RegistryStorage", lifecycle, logging, metrics]),
  // The domain's values as messages, and back.
  part(
    "RegistryMessages", "Registry/Server/Messages",
    [
      "Authorization", "DeviceProtocol", "FirmwareImage", "Foundations", "RegistryDomain", "RegistryStorage", "Wire",
      protobuf,
    ]),
  // What it answers on the bus: each request decoded, asked of the storage, encoded.
  part(
    "RegistryBus", "Registry/Server/Bus",
    [
      "Authorization", "DeviceProtocol", "FirmwareImage", "Foundations", "Messaging", "OpenSSL", "RegistryAuthority",
      "RegistryDomain", "RegistryMessages", "RegistryStorage", "RootDocument", "TextFormats", "Wire", logging,
      protobuf,
    ]),
  // What it answers over HTTP, the control interface, and its OpenAPI description.
  part(
    "RegistryHTTP", "Registry/Server/HTTP",
    [
      "Authorization", "DeviceProtocol", "FirmwareImage", "Foundations", "RegistryClient", "RegistryDomain",
      "RegistryMessages", "RegistryStorage", "ServiceHTTP", "TextFormats", "Wire", httpTypes, hummingbird, nioCore,
    ]),
  // The service put together: its settings, its parts, and what it needs to be ready.
  part(
    "RegistryServer", "Registry/Server/Service",
    [
      "FirmwareImage", "Foundations", "Messaging", "PostgreSQL", "RegistryAuthority", "RegistryBus",
      "RegistryDelivery", "RegistryDomain", "RegistryHTTP", "RegistryStorage", "ServiceDatabase", "ServiceHosting",
      "ServiceHTTP", "ServiceKit", "Wire", lifecycle, logging,
    ]),
  command(
    "Registry",
    ["FirmwareImage", "Foundations", "Messaging", "RegistryDomain", "RootDocument", "TextFormats", "Wire"]),
]

let imageStore: [Target] = [
  // Files of any size, directories and locks, whose every failure names the call and the path.
  part("FileAccess", "ImageStore/FileAccess", ["CLinux", "Foundations", "OpenSSL"]),
  // What its client and its server agree on.
  part("ImageStoreContract", "ImageStore/Contract", []),
  // What its admin commands ask it, over HTTP and the bus.
  part(
    "ImageStoreClient", "ImageStore/Client",
    [
      "AdminHTTP", "Curl", "DeviceProtocol", "FileAccess", "FirmwareImage", "Foundations", "ImageStoreContract",
      "Messaging", "OpenSSL", "ServiceKit", "TextFormats", "WebAssemblyModule", "Wire", protobuf,
    ]),
  // Bytes by their digest.
  part(
    "BlobStorage", "ImageStore/Server/BlobStorage",
    [
      "FileAccess", "FirmwareImage", "Foundations", "OpenSSL", "ServiceKit", "TextFormats", "WebAssemblyModule",
      dequeModule, lifecycle, nioCore, nioPosix,
    ]),
  // Looks at modules' code, in a process of its own for each; and what such a process says.
  part("CodeChecking", "ImageStore/CodeChecking", ["CLinux", "Linux", "Wasmtime"]),
  // The program of these processes. It opens what it uses and nothing else.
  .executableTarget(
    name: "CodeCheckCommand", dependencies: ["CodeChecking"], path: "Sources/ImageStore/CodeCheckCommand",
    swiftSettings: strict, linkerSettings: onlyUsedLibraries),
  // What is checked of an image before it is kept.
  part(
    "ImageAdmission", "ImageStore/Server/ImageAdmission",
    [
      "BlobStorage", "CLinux", "CodeChecking", "FirmwareImage", "Foundations", "WebAssemblyModule", logging, metrics,
      nioCore, nioPosix,
    ]),
  // Which device is to run which image, as the Registry says.
  part(
    "FirmwareAssignment", "ImageStore/Server/FirmwareAssignment",
    [
      "BlobStorage", "DeviceProtocol", "FirmwareImage", "Foundations", "ImageAdmission", "Messaging", "OpenSSL",
      "RootDocument", "WebAssemblyModule", "Wire",
    ]),
  // What it answers over HTTP and on the bus, and the service put together.
  part(
    "ImageStoreServer", "ImageStore/Server/Service",
    [
      "Authorization", "BlobStorage", "DeviceProtocol", "FirmwareAssignment", "FirmwareImage", "Foundations",
      "ImageAdmission", "ImageStoreContract", "Messaging", "OpenSSL", "ServiceHosting", "ServiceHTTP", "ServiceKit",
      "TextFormats", "Wasmtime", "WebAssemblyModule", "Wire", httpTypes, hummingbird, lifecycle, logging, metrics,
      nioCore, protobuf,
    ]),
  command(
    "ImageStore",
    ["FirmwareImage", "Foundations", "Messaging", "RegistryClient", "TextFormats", "Wire"]),
]

let notifier: [Target] = [
  // What its admin commands ask it.
  part("NotifierClient", "Notifier/Client", ["Foundations", "Messaging", "ServiceKit", "Wire", protobuf]),
  // Carries notifications to devices, and what devices say to the Registry.
  part(
    "NotifierServer", "Notifier/Server",
    [
      "DeviceProtocol", "FirmwareImage", "Foundations", "Messaging", "Mosquitto", "ServiceHosting", "ServiceHTTP",
      "ServiceKit", "TextFormats", "Wire", dequeModule, lifecycle, logging, metrics, protobuf,
    ]),
  command("Notifier", ["Messaging", "Wire"]),
]

/// Gives devices their identities.
let provisioner: [Target] = [
  // What may enrol, and as what: decisions without a database, a bus or HTTP.
  part("ProvisionerDomain", "Provisioner/Domain", ["DeviceProtocol", "Foundations", "OpenSSL"]),
  // The authority's folder: its keys, what they sign, and the lists of what was taken back. No service is needed.
  part("CertificateAuthority", "Provisioner/CertificateAuthority", ["Foundations", "OpenSSL"]),
  // What its admin commands ask it.
  part(
    "ProvisionerClient", "Provisioner/Client",
    [
      "CertificateAuthority", "Curl", "DeviceProtocol", "Foundations", "Messaging", "OpenSSL", "ProvisionerDomain",
      "ServiceKit", "TextFormats", "Wire", lifecycle, logging, protobuf,
    ]),
  // Which certificates there are, renewed and taken back, and who is told of it.
  part(
    "DeviceCertificates", "Provisioner/Server/Certificates",
    [
      "CertificateAuthority", "Foundations", "Messaging", "OpenSSL", "PostgreSQL", "ServiceDatabase", "ServiceKit",
      "Wire", lifecycle, logging, metrics, nioCore,
    ]),
  // The tables of claims, registrations, factories and devices.
  part(
    "ProvisionerStorage", "Provisioner/Server/Storage",
    [
      "CertificateAuthority", "DeviceCertificates", "Foundations", "OpenSSL", "PostgreSQL", "ProvisionerDomain",
      "ServiceDatabase", "ServiceKit", "TextFormats", logging,
    ]),
  // How a device gets its identity, however it asks.
  part(
    "DeviceEnrolment", "Provisioner/Server/Enrolment",
    [
      "CertificateAuthority", "Curl", "DeviceCertificates", "Foundations", "Messaging", "OpenSSL",
      "ProvisionerDomain", "ProvisionerStorage", "TextFormats", "Wire", lifecycle, logging, metrics,
    ]),
  // What it answers over HTTP and on the bus, and the service put together.
  part(
    "ProvisionerServer", "Provisioner/Server/Service",
    [
      "Authorization", "CertificateAuthority", "Curl", "DeviceCertificates", "DeviceEnrolment", "DeviceProtocol",
      "Foundations", "Messaging", "OpenSSL", "PostgreSQL", "ProvisionerClient", "ProvisionerDomain",
      "ProvisionerStorage", "ServiceDatabase", "ServiceHosting", "ServiceHTTP", "ServiceKit", "Wire", httpTypes,
      hummingbird, lifecycle, logging, nioCore, protobuf,
    ]),
  command("Provisioner", ["CertificateAuthority", "Foundations", "Wire"]),
]

let services: [Target] =
  registry + imageStore + notifier + provisioner

/// The device is two processes, the agent's and an app's, which have `AppLink` in common and know no more of each other.
let deviceParts: [Target] = [
  // What the two processes say to each other. No engine, no network.
  part(
    "AppLink", "DeviceRuntime/AppLink", ["DeviceProtocol", "Foundations", "WebAssemblyModule", "Wire", "ZeroMQ"]),
  // Pins and sensors: the kernel's, and those that are simulated.
  part(
    "DeviceHardware", "DeviceRuntime/DeviceHardware", ["AppLink", "CLinux", "DeviceProtocol", "Foundations", "Linux"]),
  // The app's process.
  part(
    "AppHost", "DeviceRuntime/AppHost",
    [
      "AppLink", "CLinux", "DeviceHardware", "DeviceProtocol", "Foundations", "Linux", "Sodium", "Wasmtime",
      "WebAssemblyModule", "Wire", "ZeroMQ", protobuf,
    ]),
  // The program that an app's process runs. It opens what it uses and nothing else: see its linker.cfg.
  .executableTarget(
    name: "AppHostCommand", dependencies: ["AppHost"], path: "Sources/DeviceRuntime/AppHostCommand",
    exclude: ["linker.cfg"], swiftSettings: strict, linkerSettings: onlyUsedLibraries),
  // The agent's side of an app's process: starts it and sees to its end.
  part(
    "AppSupervision", "DeviceRuntime/AppSupervision",
    [
      "AppLink", "CLinux", "DeviceProtocol", "DeviceStorage", "Foundations", "Linux", "Wire", "ZeroMQ", logging,
      protobuf,
    ]),
  // What is wired to the device, as its agent knows it.
  part(
    "DeviceBoard", "DeviceRuntime/DeviceBoard",
    ["AppLink", "DeviceHardware", "DeviceProtocol", "Foundations", "TextFormats"]),
  // What decides about updates, with no I/O: also for devices without an operating system (deploy/embedded-check).
  part("UpdateCore", "DeviceRuntime/UpdateCore", ["DeviceProtocol", "Foundations"]),
  // What a device keeps over restarts and power cuts.
  part(
    "DeviceStorage", "DeviceRuntime/DeviceStorage",
    ["DeviceProtocol", "Foundations", "OpenSSL", "TextFormats", "UpdateCore"]),
  // The two places for the device's own software, and which of them is started.
  part(
    "RuntimeSlots", "DeviceRuntime/RuntimeSlots",
    ["DeviceStorage", "Foundations", "OpenSSL", "RuntimeBundle", "UpdateCore"]),
  // The program that starts the agent that counts.
  .executableTarget(
    name: "LauncherCommand", dependencies: ["RuntimeBundle", "RuntimeSlots", "UpdateCore"],
    path: "Sources/DeviceRuntime/LauncherCommand", swiftSettings: strict, linkerSettings: onlyUsedLibraries),
  // Who the device is, and whom it trusts.
  part(
    "DeviceCredentials", "DeviceRuntime/DeviceCredentials",
    [
      "Curl", "DeviceProtocol", "DeviceStorage", "FirmwareImage", "Foundations", "Mosquitto", "OpenSSL",
      "RootDocument", "TextFormats", logging,
    ]),
  // Images: fetched, verified, and in their slots.
  part(
    "DeviceImages", "DeviceRuntime/DeviceImages",
    [
      "Curl", "DeviceCredentials", "DeviceProtocol", "DeviceStorage", "FirmwareImage", "Foundations", "OpenSSL",
      "RootDocument", "UpdateCore", "WebAssemblyModule", logging,
    ]),
  // How commands on the device's own machine find its agent and show its answers; its settings.
  part(
    "DeviceAdmin", "DeviceRuntime/DeviceAdmin",
    [
      "Curl", "DeviceStorage", "Foundations", "Messaging", "ServiceKit", "UpdateCore", "Wire", protobuf,
    ]),
  // The agent: all the parts put together.
  part(
    "Agent", "DeviceRuntime/Agent",
    [
      "AppLink", "AppSupervision", "CLinux", "Curl", "DeviceAdmin", "DeviceBoard", "DeviceCredentials",
      "DeviceImages", "DeviceProtocol", "DeviceStorage", "FirmwareImage", "Foundations", "Messaging", "Mosquitto",
      "OpenSSL", "RuntimeBundle", "RuntimeSlots", "ServiceKit", "TextFormats", "UpdateCore", "WebAssemblyModule",
      "Wire", lifecycle, logging, protobuf,
    ]),
  // Runs a module on a developer's machine, again whenever it changes.
  part(
    "DevelopmentLoop", "DeviceRuntime/DevelopmentLoop",
    [
      "AppLink", "AppSupervision", "DeviceBoard", "DeviceProtocol", "DeviceStorage", "Foundations", "Linux",
      "ServiceKit", "TextFormats", "WebAssemblyModule", "Wire",
    ]),
  .executableTarget(
    name: "DeviceRuntimeCommand",
    dependencies: [
      "Agent", "AppLink", "AppSupervision", "Curl", "DevelopmentLoop", "DeviceAdmin", "DeviceBoard",
      "DeviceCredentials", "DeviceStorage", "FirmwareImage", "Foundations", "Messaging", "OpenSSL",
      "RuntimeBundle", "RuntimeSlots", "ServiceKit", "TextFormats",
      "UpdateCore", "Wire", argumentParser,
    ],
    path: "Sources/DeviceRuntime/Command", swiftSettings: strict),
]

/// All of them, or those that `XTBLISH_TESTS` names ("Registry,Notifier"): while you work on one module, the others'
/// tests need not be built. With "none" there are neither tests nor benchmarks, which the programs don't need.
let chosenTests = Context.environment["XTBLISH_TESTS"]?.split(separator: ",").map { "\($0)Tests" }

let testTargets: [Target] = [
  .target(
    name: "TestSupport", dependencies: ["CLinux", "OpenSSL"], path: "Tests/TestSupport",
    swiftSettings: strict),
  // What services promise each other, and those that play them.
  .target(
    name: "TestPeers",
    dependencies: [
      "Authorization", "Curl", "DeviceProtocol", "FirmwareImage", "Foundations", "Messaging", "Mosquitto", "OpenSSL",
      "ServiceKit", "TestSupport", "Wire", logging, protobuf,
    ],
    path: "Tests/Peers", swiftSettings: strict),
  tests("Foundations", ["Foundations"]),
  tests("TextFormats", ["TextFormats"]),
  tests("ZeroMQ", ["ZeroMQ"]),
  tests("PostgreSQL", ["Foundations", "PostgreSQL"]),
  tests("Mosquitto", ["Mosquitto"]),
  tests("OpenSSL", ["OpenSSL"]),
  tests("Sodium", ["Foundations", "Sodium"]),
  tests("Curl", ["Curl"]),
  tests("Wasmtime", ["Wasmtime"]),
  tests("DeviceProtocol", ["DeviceProtocol", "Foundations", "TextFormats", "Wasmtime"]),
  tests(
    "FirmwareImage",
    ["DeviceProtocol", "FirmwareImage", "Foundations", "FuzzTargets", "OpenSSL", "RootDocument", "WebAssemblyModule"]),
  // What the fuzzers and the replay of what they found have in common.
  .target(
    name: "FuzzTargets",
    dependencies: ["FirmwareImage", "Foundations", "OpenSSL", "RootDocument"],
    path: "Tests/Fuzz/Targets", swiftSettings: strict),
  tests(
    "Messaging", ["Foundations", "Messaging", "Wire", "ZeroMQ", lifecycle, logging, protobuf], exclude: ["python"]),
  // A process of its own, for the tests of Messaging to kill.
  .executableTarget(
    name: "MessagingTestServer", dependencies: ["Messaging", "Wire", lifecycle, logging, protobuf, unixSignals],
    path: "Tests/MessagingServer", swiftSettings: strict),
  // A process that confines itself as an app's does and then tries a system call, for the tests of the device.
  .executableTarget(
    name: "SandboxProbe", dependencies: ["AppHost", "AppLink"], path: "Tests/SandboxProbe", swiftSettings: strict,
    linkerSettings: onlyUsedLibraries),
  // Measures the bus beside bare libzmq.
  .executableTarget(
    name: "RPCBenchmark", dependencies: ["Messaging", "Wire", logging, protobuf], path: "Benchmarks/RPC",
    exclude: ["bare_zmq.c", "run"], swiftSettings: strict),
  // Measures how many reports of devices are stored, beside bare PostgreSQL.
  .executableTarget(
    name: "ReportsBenchmark",
    dependencies: ["DeviceProtocol", "Foundations", "PostgreSQL", "RegistryDomain", "RegistryStorage", logging],
    path: "Benchmarks/Reports", exclude: ["run"], swiftSettings: strict),
  // Measures apps beside native code.
  .executableTarget(
    name: "AppBenchmark", dependencies: ["AppLink", "AppSupervision", "Foundations"], path: "Benchmarks/Apps",
    exclude: ["kernels.c", "run"],
    swiftSettings: strict),
  // Measures how soon an app is there, and what its process takes.
  .executableTarget(
    name: "AppStartBenchmark", dependencies: ["AppLink", "AppSupervision", "Foundations"],
    path: "Benchmarks/AppStart", exclude: ["first_line.wat", "run"], swiftSettings: strict),
  // Measures what an app on a device gets.
  .executableTarget(
    name: "HostAPIBenchmark", dependencies: ["AppLink", "AppSupervision", "DeviceBoard", "Foundations"],
    path: "Benchmarks/HostAPI",
    exclude: ["calls.wat", "run", "ticks.wat", "timerfd.c"], swiftSettings: strict),
  tests(
    "ServiceKit",
    [
      "Foundations", "Messaging", "ServiceKit", "Wire", "ZeroMQ", argumentParser, coreMetrics, lifecycle, logging,
      unixSignals,
    ]),
  tests(
    "ServiceHTTP",
    [
      "Authorization", "Curl", "Foundations", "OpenSSL", "ServiceHTTP", "ServiceKit", "TestPeers", "Wire",
      coreMetrics, httpTypes, hummingbird, lifecycle, logging, nioCore,
    ]),
  tests(
    "TraceExport", ["Curl", "Foundations", "ServiceKit", "TraceExport", lifecycle, logging],
    exclude: ["requirements.txt"]),
  tests(
    "ServiceHosting",
    ["Foundations", "Messaging", "ServiceHosting", "ServiceHTTP", "ServiceKit", "Wire", lifecycle, logging]),
  tests(
    "Registry",
    [
      "Authorization", "Curl", "DeviceProtocol", "FirmwareImage", "Foundations", "Messaging", "OpenSSL", "PostgreSQL",
      "RegistryAuthority", "RegistryBus", "RegistryClient", "RegistryDelivery", "RegistryDomain", "RegistryHTTP",
      "RegistryMessages", "RegistryServer", "RegistryStorage", "RootDocument", "ServiceHTTP", "ServiceKit",
      "TestPeers", "TextFormats", "Wasmtime", "WebAssemblyModule", "Wire", httpTypes, hummingbird, lifecycle, logging,
      protobuf,
    ]),
  tests(
    "ImageStore",
    [
      "AdminHTTP", "Authorization", "BlobStorage", "CodeChecking", "Curl", "DeviceProtocol", "FileAccess",
      "FirmwareImage", "Foundations", "ImageAdmission", "ImageStoreClient", "ImageStoreServer", "Messaging", "OpenSSL",
      "RootDocument", "ServiceHTTP", "ServiceKit", "TestPeers", "TextFormats", "WebAssemblyModule", "Wire", httpTypes,
      hummingbird,
      lifecycle, logging, nioCore, protobuf,
    ]),
  tests(
    "Notifier",
    [
      "DeviceProtocol", "Foundations", "Messaging", "Mosquitto", "NotifierServer", "ServiceHosting", "ServiceKit",
      "TestPeers", "Wire", lifecycle, logging, protobuf,
    ]),
  tests(
    "Provisioner",
    [
      "CertificateAuthority", "Curl", "DeviceCertificates", "DeviceEnrolment", "Foundations", "Messaging", "OpenSSL",
      "PostgreSQL", "ProvisionerClient", "ProvisionerDomain", "ProvisionerServer", "ProvisionerStorage",
      "ServiceHTTP", "ServiceKit", "TestPeers", "Wire", lifecycle, logging,
    ]),
  // Flash whose power a test cuts, or that fails.
  .target(
    name: "TestFlash", dependencies: ["DeviceStorage"], path: "Tests/TestFlash", swiftSettings: strict),
  // Apps for tests to run.
  .target(
    name: "TestApps", dependencies: ["AppLink", "Foundations", "TestSupport", "WebAssemblyModule"],
    path: "Tests/TestApps", swiftSettings: strict),
  tests("UpdateCore", ["DeviceProtocol", "FirmwareImage", "Foundations", "UpdateCore"]),
  tests(
    "DeviceStorage",
    ["AppSupervision", "DeviceProtocol", "DeviceStorage", "Foundations", "TestFlash", "UpdateCore", "Wire"]),
  tests(
    "RuntimeSlots",
    ["DeviceStorage", "Foundations", "OpenSSL", "RuntimeBundle", "RuntimeSlots", "TestFlash", "UpdateCore"]),
  tests(
    "DeviceHardware",
    ["Agent", "AppLink", "CLinux", "DeviceBoard", "DeviceHardware", "DeviceProtocol", "DeviceStorage", "Foundations"]),
  tests(
    "AppHost",
    [
      "AppHost", "AppLink", "AppSupervision", "DeviceBoard", "DeviceProtocol", "FirmwareImage", "Foundations",
      "TestApps", "Wasmtime", "WebAssemblyModule", "Wire", protobuf,
    ]),
  tests(
    "DeviceRuntime",
    [
      "Agent", "AppLink", "AppSupervision", "Curl", "DevelopmentLoop", "DeviceAdmin", "DeviceBoard",
      "DeviceCredentials", "DeviceImages", "DeviceProtocol", "DeviceStorage", "FirmwareImage", "Foundations",
      "Messaging", "Mosquitto", "OpenSSL", "RootDocument", "RuntimeBundle", "RuntimeSlots", "TestApps", "TestFlash",
      "TestPeers", "UpdateCore", "Wire", "ZeroMQ", logging, protobuf,
    ]),
  tests(
    "Integration",
    [
      "Authorization", "CertificateAuthority", "Curl", "DeviceProtocol", "FirmwareImage", "Foundations",
      "ImageStoreServer", "Messaging", "NotifierServer", "PostgreSQL", "ProvisionerServer", "RegistryServer",
      "ServiceHosting", "ServiceKit", "TestPeers", "Wire", lifecycle, logging, protobuf,
    ]),
  // What the last release said and left, read by today's programs.
  tests(
    "Compatibility",
    [
      "Agent", "DeviceCredentials", "DeviceProtocol", "DeviceStorage", "Foundations", "Messaging", "NotifierServer",
      "PostgreSQL", "ProvisionerDomain", "ProvisionerStorage", "RegistryClient", "RegistryDomain", "RegistryStorage",
      "TextFormats", "UpdateCore", "Wire", logging, protobuf,
    ],
    exclude: ["definitions", "record", "recorded", "release", "upgrade", "upgradelib"]),
  tests(
    "EndToEnd", [],
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
    .executable(name: "xtblish-device-launcher", targets: ["LauncherCommand"]),
    .executable(name: "xtblish-app-host", targets: ["AppHostCommand"]),
    .executable(name: "xtblish-code-check", targets: ["CodeCheckCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    // Without its JSON trait, which brings all of Foundation into every process.
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.20.0"),
    // TLS of the HTTP servers: NIO's own handler, so that none of ours stands between a socket and its keys.
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: bindings + sharedModules + deviceParts + services + (chosenTests == ["noneTests"] ? [] : testTargets)
)
