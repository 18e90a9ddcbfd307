extension MetricCatalog {
  static let process = [
    Entry(
      "process_context_switches_total", .counter, ["type"],
      "How often the process gave up a processor: voluntary to wait for something, involuntary for another one."),
    Entry("process_cpu_seconds_total", .counter, "Processor time that the process used, in seconds."),
    Entry("process_max_fds", .gauge, "How many file descriptors the process may have open."),
    Entry("process_open_fds", .gauge, "How many file descriptors the process has open."),
    Entry("process_resident_memory_bytes", .gauge, "Memory of the process that is in use, in bytes."),
    Entry("process_start_time_seconds", .gauge, "When the process started, in seconds since 1970."),
    Entry("process_threads", .gauge, "Threads of the process."),
    Entry("process_virtual_memory_bytes", .gauge, "Address space of the process, in bytes."),
    Entry("process_virtual_memory_max_bytes", .gauge, "How much address space the process may have, in bytes."),
    Entry("xtblish_build_info", .gauge, ["version"], "1, with the program's version as a label."),
    Entry(
      "xtblish_clock_timestamp_seconds", .gauge,
      "What the machine's clock showed when the metrics were fetched, in seconds since 1970."),
    Entry(
      "xtblish_metrics_collected_timestamp_seconds", .gauge, ["collector"],
      "When figures that are looked up for the metrics were last found, in seconds since 1970."),
    Entry(
      "xtblish_metrics_dropped_series", .gauge,
      "Series that were not kept because there are too many, or because their name is taken by another type."),
  ]

  static let upkeep = [
    Entry(
      "xtblish_check_ready", .gauge, ["check"], "1 if what the service depends on is usable, else 0, as /readyz says."),
    Entry(
      "xtblish_disk_free_bytes", .gauge, ["path"], "Free space where the service writes, in bytes, for its own user."),
    Entry("xtblish_disk_size_bytes", .gauge, ["path"], "Size of the file system where the service writes, in bytes."),
    Entry(
      "xtblish_expiry_timestamp_seconds", .gauge, ["kind", "name"],
      "When a certificate, token or document ends, in seconds since 1970."),
    Entry("xtblish_ready", .gauge, "1 if the service can do its work, else 0, as /readyz says."),
    Entry(
      "xtblish_revocations_age_seconds", .gauge,
      "Time since the service last heard from a Provisioner which certificates are revoked, in seconds."),
    Entry("xtblish_revocations_known", .gauge, "Revoked certificates that the service knows."),
  ]

  static let traces = [
    Entry("xtblish_trace_spans_dropped_total", .counter, ["reason"], "Spans that nobody got, by reason."),
    Entry("xtblish_trace_spans_exported_total", .counter, "Spans that the receiver took."),
    Entry("xtblish_trace_spans_waiting", .gauge, "Spans that wait to be sent."),
  ]

  static let http = [
    Entry(
      "http_server_dropped_connections_total", .counter, ["reason"],
      "Connections that were refused or gave way to others, by reason."),
    Entry(
      "http_server_refused_clients_total", .counter, ["reason"], "Clients whose certificate was refused, by reason."),
    Entry(
      "http_server_long_poll_duration_seconds", .histogram, ["method", "route", "server", "status_class"],
      "The same of requests that wait for something to happen, in seconds."),
    Entry(
      "http_server_request_duration_seconds", .histogram, ["method", "route", "server", "status_class"],
      "Time from a request to the begin of its answer's body, in seconds; without long polls."),
    Entry("http_server_requests_in_progress", .gauge, ["server"], "Requests that wait for their answer."),
    Entry(
      "http_server_requests_total", .counter, ["method", "route", "server", "status"],
      "Requests that were answered, by route pattern and status."),
  ]

  static let bus = [
    Entry("rpc_client_connected_servers", .gauge, ["name"], "Instances of a service that answer on the bus."),
    Entry(
      "rpc_client_duration_seconds", .histogram, ["kind", "name"], "Time from a request to its answer, in seconds."),
    Entry("rpc_client_failures_total", .counter, ["code", "kind", "name"], "Requests that failed, by code."),
    Entry("rpc_client_outstanding_requests", .gauge, ["name"], "Requests that wait for their answer."),
    Entry("rpc_client_requests_total", .counter, ["kind", "name"], "Requests that were sent."),
    Entry(
      "rpc_client_stray_frames_total", .counter, ["name"], "Answers that nobody waits for, and frames that are none."),
    Entry(
      "rpc_client_unsent_frames_total", .counter, ["name"],
      "Requests that could not be queued, as the queue was full or the server gone; they go to another server."),
    Entry("rpc_server_denied_total", .counter, ["name"], "Requests whose sender may not ask for that."),
    Entry(
      "rpc_server_dropped_frames_total", .counter, ["name"],
      "Answers that were dropped, as the client was gone or its queue full."),
    Entry(
      "rpc_server_duration_seconds", .histogram, ["kind", "name"], "Time from a request to its answer, in seconds."),
    Entry(
      "rpc_server_failures_total", .counter, ["code", "kind", "name"], "Requests answered with a failure, by code."),
    Entry("rpc_server_garbage_frames_total", .counter, ["name"], "Frames that are no messages of the bus."),
    Entry("rpc_server_queued_requests", .gauge, ["name"], "Requests that wait until they are worked on."),
    Entry("rpc_server_requests_total", .counter, ["kind", "name"], "Requests that were answered."),
    Entry("rpc_server_running_requests", .gauge, ["name"], "Requests that are worked on."),
    Entry("rpc_server_unsupported_total", .counter, ["name"], "Requests of a kind that the server does not know."),
  ]

  static let database = [
    Entry("postgres_connections_opened_total", .counter, "Connections to the database that were made."),
    Entry(
      "postgres_failures_total", .counter,
      "Round trips to the database that failed, conflicts that are tried again included."),
    Entry(
      "postgres_pool_connections", .gauge, ["state"], "Connections to the database: used by somebody, or idle."),
    Entry("postgres_pool_max_connections", .gauge, "How many connections to the database there are at most."),
    Entry(
      "postgres_pool_refused_total", .counter, ["reason"],
      "Callers that got no connection, as all were busy or none could be made."),
    Entry(
      "postgres_pool_wait_seconds", .histogram, "Time that callers waited for a connection to the database, in seconds."
    ),
    Entry("postgres_pool_waiting_callers", .gauge, "Callers that wait for a connection to the database."),
    Entry(
      "postgres_round_trip_duration_seconds", .histogram,
      "Time from sending one or more statements to their results, in seconds."),
    Entry("postgres_statements_total", .counter, "Statements that were sent to the database."),
    Entry("postgres_transactions_total", .counter, "Transactions that were begun, single statements included."),
  ]

  static let registry = [
    Entry("registry_crashes_stored_total", .counter, "Crash reports of devices that were stored, repeats left out."),
    Entry(
      "registry_devices", .gauge, ["health", "state"],
      "Devices by the state of their deployment and their health; every replica tells the same."),
    Entry(
      "registry_events_omitted_total", .counter,
      "Events that were left out, and told by one event each, of devices that caused too many."),
    Entry(
      "registry_notifications_acknowledged_total", .counter,
      "Notifications that the broker took, so that they left the outbox."),
    Entry(
      "registry_notifications_postponed_total", .counter,
      "Attempts to hand over a notification that are to be repeated."),
    Entry(
      "registry_notify_latency_seconds", .histogram,
      "Time from the commit that asked for a notification to the broker's acknowledgement, in seconds."),
    Entry(
      "registry_outbox_oldest_seconds", .gauge,
      "How long the oldest notification that the broker has not taken yet has waited, in seconds."),
    Entry("registry_outbox_pending", .gauge, "Notifications that the broker has not taken yet."),
    Entry(
      "registry_revocations_pending", .gauge,
      "Devices of which the Provisioner must still be told that they left service."),
    Entry(
      "registry_states_reported_total", .counter, ["status"],
      "States that devices reported and had not reported before, by status."),
  ]

  static let provisioner = [
    Entry("provisioner_revocation_lists", .gauge, "Lists of revoked certificates that are kept."),
    Entry(
      "provisioner_revocations_failing_seconds", .gauge,
      "For how long revocations could not be told to the broker, in seconds; 0 while they can."),
    Entry("provisioner_certificates_renewed_total", .counter, "Certificates given to devices that had one."),
    Entry(
      "provisioner_enrolments_total", .counter, ["outcome"],
      "Enrolments that were granted, refused or failed for another reason than the device's."),
  ]

  static let imageStore = [
    Entry(
      "image_store_code_check_duration_seconds", .histogram, ["outcome"],
      "Time that it took to look at a module's code, the wait for its turn included, in seconds."),
    Entry("image_store_damaged_reads_total", .counter, "Reads that found stored bytes other than their digest says."),
    Entry("image_store_received_bytes_total", .counter, "Bytes of modules that were taken, known ones included."),
    Entry("image_store_refused_uploads_total", .counter, ["reason"], "Uploads that were refused, by reason."),
    Entry("image_store_repeated_images_total", .counter, "Uploads of modules that were stored already."),
    Entry("image_store_served_image_bytes_total", .counter, "Bytes of images that began to be sent."),
    Entry("image_store_served_images_total", .counter, "Images that began to be sent, whole or in part."),
    Entry("image_store_stored_images_total", .counter, "Modules that were stored anew."),
    Entry("image_store_uploads_in_progress", .gauge, "Uploads that go on."),
    Entry("image_store_uploads_max", .gauge, "How many uploads may go on at once."),
  ]

  static let notifier = [
    Entry("notifier_app_listeners", .gauge, "Operators that listen to apps through this replica."),
    Entry("notifier_broker_connected", .gauge, ["connection"], "1 while that connection to the broker stands, else 0."),
    Entry(
      "notifier_broker_messages_dropped_total", .counter, ["connection"],
      "Messages from the broker that gave way to newer ones, as they were not read fast enough."),
    Entry(
      "notifier_broker_messages_waiting", .gauge, ["connection"], "Messages from the broker that are not read yet."),
    Entry(
      "notifier_broker_publishes_in_flight", .gauge, ["connection"],
      "Messages that the broker has not acknowledged yet."),
    Entry(
      "notifier_crash_batches_retried_total", .counter, "Attempts to hand crash reports to the Registry that failed."),
    Entry(
      "notifier_crash_messages_dropped_total", .counter, "Crash reports that found no room; devices send them again."),
    Entry("notifier_crash_messages_received_total", .counter, "Crash reports that came from devices."),
    Entry("notifier_crash_waiting_bytes", .gauge, "Crash reports that wait for the Registry, in bytes."),
    Entry(
      "notifier_crashes_set_aside_total", .counter,
      "Crash reports that failed again and again by themselves, and were left out."),
    Entry("notifier_crashes_unreadable_total", .counter, "Crash reports that the Registry can't read."),
    Entry("notifier_log_batches_retried_total", .counter, "Attempts to hand log lines to the Registry that failed."),
    Entry(
      "notifier_log_messages_dropped_total", .counter,
      "Batches of log lines that found no room; devices send them again."),
    Entry("notifier_log_messages_received_total", .counter, "Batches of log lines that came from devices."),
    Entry("notifier_log_waiting_bytes", .gauge, "Batches of log lines that wait for the Registry, in bytes."),
    Entry(
      "notifier_logs_set_aside_total", .counter,
      "Batches of log lines that failed again and again by themselves, and were left out."),
    Entry("notifier_logs_unreadable_total", .counter, "Batches of log lines that the Registry can't read."),
    Entry("notifier_notifications_failed_total", .counter, "Notifications that the broker did not take in time."),
    Entry("notifier_notifications_published_total", .counter, "Notifications that the broker took."),
    Entry(
      "notifier_received_bytes_total", .counter, ["connection"], "Bytes of messages that came from devices."),
    Entry("notifier_report_batches_retried_total", .counter, "Attempts to hand reports to the Registry that failed."),
    Entry("notifier_reports_dropped_total", .counter, "Reports that found no room; devices send them again."),
    Entry("notifier_reports_received_total", .counter, "Reports that came from devices."),
    Entry("notifier_reports_recorded_total", .counter, "Reports that the Registry took."),
    Entry("notifier_reports_refused_total", .counter, "Reports that the Registry refused."),
    Entry(
      "notifier_reports_rejected_total", .counter, ["reason"],
      "Messages that are no reports, by what is wrong with them."),
    Entry(
      "notifier_reports_set_aside_total", .counter,
      "Reports that failed again and again by themselves, and were left out."),
    Entry("notifier_reports_superseded_total", .counter, "Reports that a newer one of the same device replaced."),
    Entry("notifier_reports_unreadable_total", .counter, "Reports that the Registry can't read."),
    Entry("notifier_reports_waiting", .gauge, "Devices with a report that waits for the Registry."),
    Entry("notifier_sessions_ended_total", .counter, "Sessions of revoked devices that were ended at the broker."),
  ]

  static let backups = [
    Entry("xtblish_backup_last_blobs", .gauge, "Blobs in the last whole backup."),
    Entry("xtblish_backup_last_duration_seconds", .gauge, "How long the last whole backup took, in seconds."),
    Entry("xtblish_backup_last_size_bytes", .gauge, "Size of the last whole backup with what it shares, in bytes."),
    Entry(
      "xtblish_backup_last_success_timestamp_seconds", .gauge,
      "When the last whole backup was made, in seconds since 1970."),
  ]
}
