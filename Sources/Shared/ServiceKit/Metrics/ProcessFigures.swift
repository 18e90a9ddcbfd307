import Glibc

/// What Prometheus's own client libraries tell of a process, under the same names
/// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
enum ProcessFigures {
  static func exposition() -> String {
    var text = ""
    func gauge(_ name: String, _ value: Double?) {
      guard let value else { return }
      text += PrometheusText.heading(name, .gauge) + "\(name) \(PrometheusText.number(value))\n"
    }
    let memory = memoryBytes()
    gauge("process_virtual_memory_bytes", memory?.virtual)
    gauge("process_resident_memory_bytes", memory?.resident)
    gauge("process_virtual_memory_max_bytes", limit(RLIMIT_AS))
    gauge("process_open_fds", openDescriptors())
    gauge("process_max_fds", limit(RLIMIT_NOFILE))
    gauge("process_threads", threads())
    gauge("process_start_time_seconds", startTime)
    text += PrometheusText.heading("process_cpu_seconds_total", .counter)
    text += "process_cpu_seconds_total \(cpuSeconds())\n"
    text += contextSwitches()
    // To be compared with the clock of whoever fetches it.
    gauge("xtblish_clock_timestamp_seconds", seconds(CLOCK_REALTIME))
    text += PrometheusText.heading("xtblish_build_info", .gauge)
    text += "xtblish_build_info{version=\"\(XtblishVersion.current)\"} 1\n"
    return text
  }

  /// From /proc/self/statm: the size and the resident part, in pages.
  private static func memoryBytes() -> (virtual: Double, resident: Double)? {
    let pages = firstLine(of: "/proc/self/statm").split(separator: " ").prefix(2).compactMap { Double($0) }
    guard pages.count == 2 else { return nil }
    let pageBytes = Double(sysconf(Int32(_SC_PAGESIZE)))
    return (pages[0] * pageBytes, pages[1] * pageBytes)
  }

  private static func openDescriptors() -> Double? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Not `.`, `..` and the descriptor of the folder itself.
    return Double(max(0, count - 3))
  }

  private static func limit(_ resource: __rlimit_resource) -> Double? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return nil }
    return Double(limit.rlim_cur)
  }

  private static func threads() -> Double? { status(field: 20) }

  /// Since 1970. Found once: a clock that is set later changes nothing about it.
  private static let startTime: Double? = status(field: 22).map { ticks in
    seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME) + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// A number of /proc/self/stat, counted as proc(5) does. The second field is a name that may hold anything.
  private static func status(field: Int) -> Double? {
    let line = firstLine(of: "/proc/self/stat")
    guard let end = line.lastIndex(of: ")") else { return nil }
    let fields = line[end...].split(separator: " ").dropFirst()
    let index = fields.startIndex + field - 3
    return index < fields.endIndex ? Double(fields[index]) : nil
  }

  private static func firstLine(of path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 1_024)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return "" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func cpuSeconds() -> Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Voluntary: the process waited for something. Involuntary: another one was to run.
  private static func contextSwitches() -> String {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return "" }
    let name = "process_context_switches_total"
    return PrometheusText.heading(name, .counter) + "\(name){type=\"involuntary\"} \(usage.ru_nivcsw)\n"
      + "\(name){type=\"voluntary\"} \(usage.ru_nvcsw)\n"
  }
}
