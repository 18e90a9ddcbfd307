import Glibc

/// What Prometheus's own client libraries tell of a process, under the same names.
enum ProcessFigures {
  static func exposition() -> String {
    var text = ""
    func gauge(_ name: String, _ value: Double?) {
      guard let value else { return }
      text += PrometheusText.heading(name, .gauge) + "\(name) \(PrometheusText.number(value))\n"
    }
    gauge("process_resident_memory_bytes", residentBytes())
    gauge("process_open_fds", openDescriptors())
    gauge("process_max_fds", maximumDescriptors())
    text += PrometheusText.heading("process_cpu_seconds_total", .counter)
    text += "process_cpu_seconds_total \(cpuSeconds())\n"
    text += PrometheusText.heading("xtblish_build_info", .gauge)
    text += "xtblish_build_info{version=\"\(XtblishVersion.current)\"} 1\n"
    return text
  }

  private static func residentBytes() -> Double? {
    guard let file = fopen("/proc/self/statm", "re") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 128)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
    let fields = String(decoding: buffer.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? Double(fields[1]).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) } : nil
  }

  private static func openDescriptors() -> Double? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Not `.`, `..` and the descriptor of the folder itself.
    return Double(max(0, count - 3))
  }

  private static func maximumDescriptors() -> Double? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return Double(limit.rlim_cur)
  }

  private static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
