import AppLink
import CLinux
import Foundations
import Synchronization
import Wasmtime
import WebAssemblyModule

/// Runs an app from its file to its end, which it tells, on the thread that calls.
struct AppRunner {
  private let state: AppHostState

  init(_ state: AppHostState) { self.state = state }

  func run() {
    // The kernel's own 50 µs would show in every timer.
    _ = linux_set_timer_slack(1)
    state.callGuard.follow(ThreadUsage.ofThisThread())
    do throws(AppEndingError) {
      let deadline = state.startedAt &+ state.launch.startDeadline.clampedNanoseconds
      let loaded = try state.callGuard.watch("compiling", until: deadline) { () throws(AppEndingError) in try load() }
      if state.launch.onlyCompiles {
        tell(.exited(code: 0))
        return
      }
      try run(loaded, AppContext(state: state, entry: loaded.entry), deadline)
    } catch {
      tell(error.ending)
    }
  }

  /// Gives up, on the way, what only loading needs; nothing of the app has run when it returns.
  private func load() throws(AppEndingError) -> ModuleLoader.Loaded {
    let loader = try ModuleLoader(state: state)
    let sandbox = AppSandbox(limits: state.launch.limits, user: state.user)
    do {
      for finding in try sandbox.enterLoading(moduleBytes: loader.wasmBytes) { state.log.note(.warning, finding) }
      let loaded = try loader.load()
      try sandbox.enterRunning(startsThreads: loaded.usesWASI || hasRealPins)
      return loaded
    } catch let error as AppEndingError {
      throw error
    } catch {
      throw .hostFailed("the app's process can't be confined: \(error)")
    }
  }

  /// Watching one takes a thread.
  private var hasRealPins: Bool {
    state.launch.pins.contains { pin in
      if case .line = pin.source { true } else { false }
    }
  }

  private func tell(_ ending: AppEnding) {
    state.outbox.put(.quiet(atNanoseconds: KernelClock.monotonicNanoseconds()))
    state.finishLog()
    state.outbox.put(.ended(ending))
  }

  private func run(
    _ loaded: ModuleLoader.Loaded, _ context: AppContext, _ deadline: UInt64
  ) throws(AppEndingError) {
    let limits = state.launch.limits
    let store = Store(
      engine: state.engine,
      limits: Store.Limits(memoryBytes: limits.memoryBytes, tableElements: limits.tableElements))
    let linker = try link(store, context)
    let calls = AppCalls(
      store: store, callGuard: state.callGuard, advice: TrapAdvice(limits, state.launch.startDeadline))
    let instance = try calls.run("the start function", until: deadline) { () throws(WasmtimeCallFailure) in
      try linker.instantiate(loaded.module, in: store)
    }
    if let initialize = instance.function(named: "_initialize") {
      try calls.run("_initialize", until: deadline) { () throws(WasmtimeCallFailure) in _ = try initialize() }
    }
    let ending: AppEnding
    do throws(AppEndingError) {
      ending = try drive(loaded.entry, instance, context, calls, deadline)
    } catch {
      ending = error.ending
    }
    // Before the app's memory is taken down, which takes time that its successor waits for.
    withExtendedLifetime((store, linker)) { tell(ending) }
  }

  private func drive(
    _ entry: AppEntry, _ instance: Instance, _ context: AppContext, _ calls: AppCalls, _ deadline: UInt64
  ) throws(AppEndingError) -> AppEnding {
    switch entry {
    case .events:
      return try EventLoop(state: state, context: context, calls: calls, instance: instance).run(startBy: deadline)
    case .program:
      guard let start = instance.function(named: "_start") else {
        return .startFailed(reason: AppProblem.noEntry.description)
      }
      state.isProgram.store(true, ordering: .relaxed)
      state.outbox.put(.started(initNanoseconds: KernelClock.monotonicNanoseconds() - state.startedAt))
      guard state.waitForActivation() else { return .stopped }
      try calls.runProgram("_start", busyLimit: state.launch.limits.busyDeadline.clampedNanoseconds) {
        () throws(WasmtimeCallFailure) in _ = try start()
      }
      return .exited(code: 0)
    }
  }

  private func link(_ store: Store, _ context: AppContext) throws(AppEndingError) -> Linker {
    let launch = state.launch
    let (output, error) = (state.standardOutput, state.standardError)
    do throws(WasmtimeError) {
      try store.setWASI(
        WASIConfiguration(
          arguments: [launch.appName.isEmpty ? "app" : launch.appName] + launch.arguments,
          environment: launch.environment, standardOutput: { output.append($0) }, standardError: { error.append($0) }))
      let linker = Linker(engine: state.engine)
      try linker.defineWASI()
      linker.allowReplacing()
      for function in HostAPI.wasiFunctions { try function.define(in: linker, for: context) }
      for function in HostAPI.functions { try function.define(in: linker, for: context) }
      return linker
    } catch {
      throw .hostFailed("can't offer the host API: \(error)")
    }
  }
}
