/** The counters of INFO (`server.stat_*` in Redis). CONFIG RESETSTAT calls `reset`. */
export class ErrorStat {
  count = 0
}

export class ServerStats {
  numConnections = 0
  rejectedConnections = 0
  numCommands = 0
  netInputBytes = 0
  netOutputBytes = 0
  netReplInputBytes = 0
  netReplOutputBytes = 0
  expiredKeys = 0
  expiredStalePerc = 0
  expiredTimeCapReachedCount = 0
  expireCycleTimeUsedMicros = 0
  evictedKeys = 0
  evictedClients = 0
  keyspaceHits = 0
  keyspaceMisses = 0
  syncFull = 0
  syncPartialOk = 0
  syncPartialErr = 0
  forkTimeMicros = 0
  totalForks = 0
  unexpectedErrorReplies = 0
  totalErrorReplies = 0
  dumpPayloadSanitizations = 0
  totalReadsProcessed = 0
  totalWritesProcessed = 0
  replyBufferShrinks = 0
  replyBufferExpands = 0
  activeDefragHits = 0
  activeDefragMisses = 0
  peakMemory = 0
  peakClients = 0
  slowlogEntryId = 0
  /** Error prefix ("ERR", "WRONGTYPE") to count; at most 128 kinds (7.0 has no limit, but the table is only cleared by RESETSTAT). */
  errors = new Map<string, ErrorStat>()
  /** trackInstantaneousMetric samples: commands, input, output, repl input, repl output. */
  readonly instantaneous = [new Samples(), new Samples(), new Samples(), new Samples(), new Samples()]

  reset(): void {
    this.numConnections = this.rejectedConnections = this.numCommands = 0
    this.netInputBytes = this.netOutputBytes = this.netReplInputBytes = this.netReplOutputBytes = 0
    this.expiredKeys = this.expiredStalePerc = this.expiredTimeCapReachedCount = this.expireCycleTimeUsedMicros = 0
    this.evictedKeys = this.evictedClients = this.keyspaceHits = this.keyspaceMisses = 0
    this.syncFull = this.syncPartialOk = this.syncPartialErr = 0
    this.forkTimeMicros = this.totalForks = 0
    this.unexpectedErrorReplies = this.totalErrorReplies = this.dumpPayloadSanitizations = 0
    this.totalReadsProcessed = this.totalWritesProcessed = 0
    this.activeDefragHits = this.activeDefragMisses = 0
    this.replyBufferShrinks = this.replyBufferExpands = 0
    this.errors.clear()
    for (const s of this.instantaneous) s.reset()
  }
}

/** 16 samples of a counter's rate, as STATS_METRIC_SAMPLES. */
export class Samples {
  private lastMs = 0
  private lastCount = 0
  private readonly samples = new Float64Array(16)
  private idx = 0
  reset(): void {
    this.lastMs = this.lastCount = this.idx = 0
    this.samples.fill(0)
  }
  track(count: number, nowMs: number): void {
    if (this.lastMs > 0) {
      const ms = nowMs - this.lastMs
      const ops = count - this.lastCount
      this.samples[this.idx] = ms > 0 ? Math.floor((ops * 1000) / ms) : 0
      this.idx = (this.idx + 1) % 16
    }
    this.lastMs = nowMs
    this.lastCount = count
  }
  get rate(): number {
    let sum = 0
    for (const v of this.samples) sum += v
    return Math.floor(sum / 16)
  }
}
