import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The Debian package of the device's agent. `make package-check` installs it in a clean Debian with systemd.
  @Suite(.seated, .serialized)
  struct DevicePackageTests {
    private static let folder = "\(Stack.package)/deploy/device"

    private static func verify(_ unit: String) async throws -> CommandResult {
      let folder = try TemporaryFolder("xtblish-unit")
      let path = folder.path("xtblish-device.service")
      // The program is not installed here.
      let launcher = "ExecStart=/usr/lib/xtblish/xtblish-device-launcher"
      #expect(unit.contains(launcher))
      try unit.replacingOccurrences(of: launcher, with: "ExecStart=/bin/true")
        .write(toFile: path, atomically: false, encoding: .utf8)
      let verified = try await command("systemd-analyze", ["verify", "--man=no", path])
      guard verified.status == 0, verified.errors.isEmpty else { return verified }
      // In tenths: 2.0 of 10, of which 0 is the most confined.
      return try await command("systemd-analyze", ["security", "--offline=true", "--threshold=20", path])
    }

    @Test func theUnitIsTakenAndConfinesTheAgent() async throws {
      let unit = try String(contentsOfFile: "\(Self.folder)/xtblish-device.service", encoding: .utf8)
      let good = try await Self.verify(unit)
      #expect(good.status == 0 && good.errors.isEmpty, "\(good.output)\(good.errors)")
      for (line, replacement) in [
        ("ProtectSystem=strict", "ProtectSytem=strict"), ("CapabilityBoundingSet=\n", "\n"),
        ("NoNewPrivileges=yes", "NoNewPrivileges=perhaps"), ("User=xtblish", "User=root"),
      ] {
        #expect(unit.contains(line))
        let bad = try await Self.verify(unit.replacingOccurrences(of: line, with: replacement))
        #expect(bad.status != 0 || !bad.errors.isEmpty, "\(replacement)")
      }
    }

    @Test func thePackageHasAllThatItsProgramsNeed() async throws {
      let folder = try TemporaryFolder("xtblish-package")
      let built = try await command(
        "\(Self.folder)/build-package",
        [
          "--output", folder.path, "--compression", "none", "--engine", "\(try productsDirectory())/libwasmtime.so",
        ], environment: ["XTBLISH_BINARIES": try productsDirectory()])
      #expect(built.status == 0, "\(built.errors)")
      let package = built.output.trimmingCharacters(in: .whitespacesAndNewlines)
      let tree = folder.path("tree")
      try await mustSucceed("dpkg-deb", ["--raw-extract", package, tree])
      for path in [
        "etc/xtblish/device.env", "lib/systemd/system/xtblish-device.service", "usr/bin/xtblish-device",
        "usr/lib/xtblish/libwasmtime.so", "usr/lib/xtblish/version", "usr/share/doc/xtblish-device/copyright",
        "usr/share/man/man1/xtblish-device.1.gz", "DEBIAN/conffiles", "DEBIAN/postrm", "DEBIAN/templates",
      ] {
        #expect(FileManager.default.fileExists(atPath: "\(tree)/\(path)"), "\(path)")
      }
      let control = try String(contentsOfFile: "\(tree)/DEBIAN/control", encoding: .utf8)
      for library in ["libc6", "libssl3", "libzmq5", "libmosquitto1", "libcurl4"] {
        #expect(control.contains(library), "\(library)")
      }
      // Swift's libraries are those of the package, and nothing is missing.
      for program in ["xtblish-device", "xtblish-app-host", "xtblish-device-launcher"] {
        let libraries = try await mustSucceed("ldd", ["\(tree)/usr/lib/xtblish/\(program)"])
        #expect(libraries.contains("\(tree)/usr/lib/xtblish/libswiftCore.so") && !libraries.contains("not found"))
      }
      let version = try await mustSucceed("\(tree)/usr/bin/xtblish-device", ["--version"])
      let told = try String(contentsOfFile: "\(tree)/usr/lib/xtblish/version", encoding: .utf8)
      #expect(version == "xtblish-device \(told)")
    }
  }
}
