/** INFO: sections of `field:value` lines, in 7.0.15's order and words. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Command } from '../commands/table.ts'
import {
  clusterLinksMemory,
  functionMemory,
  memoryAccount,
  notCountedForEvict,
  scriptMemory,
} from '../inspect/memory.ts'
import { latencyPercentile } from './latency.ts'
import type { Server } from './server.ts'

type Fields = readonly (readonly [string, string | number])[]
const lines = (title: string, fields: Fields): string =>
  `# ${title}\r\n${fields.map(([k, v]) => `${k}:${v}\r\n`).join('')}`

export function bytesToHuman(n: number): string {
  if (n < 1024) return `${n}B`
  const units = ['K', 'M', 'G', 'T', 'P']
  let v = n / 1024
  let u = 0
  while (v >= 1024 && u < units.length - 1) {
    v /= 1024
    u++
  }
  return `${v.toFixed(2)}${units[u]}`
}

function clientCount(s: Server): { connected: number; blocked: number; timed: number } {
  let [connected, blocked, timed] = [0, 0, 0]
  for (const c of s.clients.values()) {
    if (!c.isReplica && !c.isMaster) connected++
    if (c.blocked) {
      blocked++
      if (c.blocked.timeoutAtMs > 0) timed++
    }
  }
  return { connected, blocked, timed }
}

function* commandsOf(s: Server): Generator<Command, void> {
  for (const c of s.table.all()) {
    yield c
    if (c.subcommands) yield* c.subcommands.values()
  }
}

/** The process's text, libraries and allocator's own pages beside what is allocated. */
const RSS_BASE = 8388608
const TOTAL_SYSTEM_MEMORY = 17179869184
/** What the system sees of our memory; by a formula where there is no such system. */
export const residentMemory = (s: Server, used: number): number =>
  s.env.system?.usage().residentBytes ?? used + RSS_BASE
function memorySection(s: Server): string {
  const m = memoryAccount(s)
  const scripts = scriptMemory(s)
  const functions = functionMemory(s)
  const vmEval = s.scripting?.stateBytes('eval') ?? 32768
  const vmFunctions = s.scripting?.stateBytes('functions') ?? 33792
  const used = m.total
  const peak = Math.max(s.stat.peakMemory, used)
  const rss = residentMemory(s, used)
  const dataset = Math.max(0, used - m.overhead)
  const net = Math.max(1, used - m.startup)
  const human = (k: string, n: number): Fields => [
    [k, n],
    [`${k}_human`, bytesToHuman(n)],
  ]
  return lines('Memory', [
    ...human('used_memory', used),
    ...human('used_memory_rss', rss),
    ...human('used_memory_peak', peak),
    ['used_memory_peak_perc', `${((used / peak) * 100).toFixed(2)}%`],
    ['used_memory_overhead', m.overhead],
    ['used_memory_startup', m.startup],
    ['used_memory_dataset', dataset],
    ['used_memory_dataset_perc', `${((dataset / net) * 100).toFixed(2)}%`],
    ['allocator_allocated', used],
    ['allocator_active', used],
    ['allocator_resident', used],
    ...human('total_system_memory', s.env.system?.memoryBytes ?? TOTAL_SYSTEM_MEMORY),
    ['used_memory_lua', vmEval],
    ['used_memory_vm_eval', vmEval],
    ['used_memory_lua_human', bytesToHuman(vmEval)],
    ['used_memory_scripts_eval', scripts.bytes],
    ['number_of_cached_scripts', scripts.count],
    ['number_of_functions', s.scripting?.functions.functionCount ?? 0],
    ['number_of_libraries', s.scripting?.functions.libraries.size ?? 0],
    ['used_memory_vm_functions', vmFunctions],
    ['used_memory_vm_total', vmEval + vmFunctions],
    ['used_memory_vm_total_human', bytesToHuman(vmEval + vmFunctions)],
    ['used_memory_functions', functions],
    ...human('used_memory_scripts', functions + scripts.bytes),
    ...human('maxmemory', s.config.maxmemory),
    ['maxmemory_policy', s.config.maxmemoryPolicy],
    ['allocator_frag_ratio', '1.00'],
    ['allocator_frag_bytes', 0],
    ['allocator_rss_ratio', '1.00'],
    ['allocator_rss_bytes', 0],
    ['rss_overhead_ratio', (rss / used).toFixed(2)],
    ['rss_overhead_bytes', rss - used],
    ['mem_fragmentation_ratio', (rss / used).toFixed(2)],
    ['mem_fragmentation_bytes', rss - used],
    ['mem_not_counted_for_evict', notCountedForEvict(s)],
    ['mem_replication_backlog', m.backlog],
    ['mem_total_replication_buffers', m.backlog + m.replicas],
    ['mem_clients_slaves', m.replicas],
    ['mem_clients_normal', m.clients],
    ['mem_cluster_links', clusterLinksMemory(s)],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'jemalloc-5.3.0'],
    ['active_defrag_running', 0],
    ['lazyfree_pending_objects', s.lazyfree.pending(s.host.now)],
    ['lazyfreed_objects', s.lazyfree.freed(s.host.now)],
  ])
}

const sections: Readonly<Record<string, (s: Server) => string>> = {
  server: (s) => {
    const up = s.uptimeSeconds
    const mode = s.sentinel ? 'sentinel' : s.config.clusterEnabled ? 'cluster' : 'standalone'
    return lines('Server', [
      ['redis_version', '7.0.15'],
      ['redis_git_sha1', '00000000'],
      ['redis_git_dirty', 0],
      ['redis_build_id', 'ae4d7c971a948f0'],
      ['redis_mode', mode],
      ['os', s.env.system?.os ?? 'Linux x86_64'],
      ['arch_bits', 64],
      ['monotonic_clock', 'POSIX clock_gettime'],
      ['multiplexing_api', 'epoll'],
      ['atomicvar_api', 'c11-builtin'],
      ['gcc_version', '12.2.0'],
      ['process_id', s.host.env.pid],
      ['process_supervised', 'no'],
      ['run_id', s.runid],
      ['tcp_port', s.config.port],
      ['server_time_usec', s.host.now],
      ['uptime_in_seconds', up],
      ['uptime_in_days', Math.floor(up / 86400)],
      ['hz', s.hz],
      ['configured_hz', s.config.hz],
      ['lru_clock', Math.floor(s.host.nowMs / 1000) & 0xffffff],
      ['executable', `${s.host.env.cwd}/redis-server`],
      ['config_file', s.config.configFile],
      ['io_threads_active', 0],
    ])
  },
  clients: (s) => {
    const n = clientCount(s)
    return lines('Clients', [
      ['connected_clients', n.connected],
      ['cluster_connections', s.cluster === null ? 0 : (s.cluster.nodes.size - 1) * 2],
      ['maxclients', s.config.maxclients],
      ['client_recent_max_input_buffer', s.clientPeaks.maxInput],
      ['client_recent_max_output_buffer', s.clientPeaks.maxOutput],
      ['blocked_clients', n.blocked],
      ['tracking_clients', s.tracking.active],
      ['clients_in_timeout_table', n.timed],
    ])
  },
  memory: memorySection,
  persistence: (s) => s.rdb?.infoSection() ?? '# Persistence\r\nloading:0\r\n',
  stats: (s) => {
    const t = s.stat
    const rate = (i: number) => t.instantaneous[i]?.rate ?? 0
    const kb = (i: number) => (rate(i) / 1024).toFixed(2)
    return lines('Stats', [
      ['total_connections_received', t.numConnections],
      ['total_commands_processed', t.numCommands],
      ['instantaneous_ops_per_sec', rate(0)],
      ['total_net_input_bytes', t.netInputBytes],
      ['total_net_output_bytes', t.netOutputBytes],
      ['total_net_repl_input_bytes', t.netReplInputBytes],
      ['total_net_repl_output_bytes', t.netReplOutputBytes],
      ['instantaneous_input_kbps', kb(1)],
      ['instantaneous_output_kbps', kb(2)],
      ['instantaneous_input_repl_kbps', kb(3)],
      ['instantaneous_output_repl_kbps', kb(4)],
      ['rejected_connections', t.rejectedConnections],
      ['sync_full', t.syncFull],
      ['sync_partial_ok', t.syncPartialOk],
      ['sync_partial_err', t.syncPartialErr],
      ['expired_keys', t.expiredKeys],
      ['expired_stale_perc', t.expiredStalePerc.toFixed(2)],
      ['expired_time_cap_reached_count', t.expiredTimeCapReachedCount],
      ['expire_cycle_cpu_milliseconds', Math.floor(t.expireCycleTimeUsedMicros / 1000)],
      ['evicted_keys', t.evictedKeys],
      ['evicted_clients', t.evictedClients],
      ['total_eviction_exceeded_time', Math.floor(s.evictor.exceededMicros(true) / 1000)],
      ['current_eviction_exceeded_time', Math.floor(s.evictor.exceededMicros(false) / 1000)],
      ['keyspace_hits', t.keyspaceHits],
      ['keyspace_misses', t.keyspaceMisses],
      ['pubsub_channels', s.pubsub.channels.size],
      ['pubsub_patterns', s.pubsub.patterns.size],
      ['pubsubshard_channels', s.pubsub.shardChannels.size],
      ['latest_fork_usec', t.forkTimeMicros],
      ['total_forks', t.totalForks],
      ['migrate_cached_sockets', s.migrateSockets.size],
      ['slave_expires_tracked_keys', s.replicaKeys.size],
      ['active_defrag_hits', 0],
      ['active_defrag_misses', 0],
      ['active_defrag_key_hits', 0],
      ['active_defrag_key_misses', 0],
      ['total_active_defrag_time', 0],
      ['current_active_defrag_time', 0],
      ['tracking_total_keys', s.tracking.totalKeys],
      ['tracking_total_items', s.tracking.totalItems],
      ['tracking_total_prefixes', s.tracking.totalPrefixes],
      ['unexpected_error_replies', t.unexpectedErrorReplies],
      ['total_error_replies', t.totalErrorReplies],
      ['dump_payload_sanitizations', t.dumpPayloadSanitizations],
      ['total_reads_processed', t.totalReadsProcessed],
      ['total_writes_processed', t.totalWritesProcessed],
      ['io_threaded_reads_processed', 0],
      ['io_threaded_writes_processed', 0],
      ['reply_buffer_shrinks', t.replyBufferShrinks],
      ['reply_buffer_expands', t.replyBufferExpands],
    ])
  },
  replication: (s) => s.repl?.infoSection() ?? '# Replication\r\nrole:master\r\nconnected_slaves:0\r\n',
  cpu: (s) => {
    // What the commands took; a world's machine spends no time in a kernel.
    let micros = 0
    for (const c of commandsOf(s)) micros += c.micros
    const usage = s.env.system?.usage() ?? { user: micros / 1e6, system: 0 }
    const user = usage.user.toFixed(6)
    const system = usage.system.toFixed(6)
    return lines('CPU', [
      ['used_cpu_sys', system],
      ['used_cpu_user', user],
      ['used_cpu_sys_children', '0.000000'],
      ['used_cpu_user_children', '0.000000'],
      ['used_cpu_sys_main_thread', system],
      ['used_cpu_user_main_thread', user],
    ])
  },
  modules: () => '# Modules\r\n',
  sentinel: (s) => s.sentinel?.infoSection() ?? '',
  commandstats: (s) =>
    lines(
      'Commandstats',
      [...commandsOf(s)].flatMap((c) => {
        if (c.calls === 0 && c.failedCalls === 0 && c.rejectedCalls === 0) return []
        const usec = Math.round(c.micros)
        return [
          [
            `cmdstat_${c.name}`,
            `calls=${c.calls},usec=${usec},usec_per_call=${(c.calls === 0 ? 0 : usec / c.calls).toFixed(2)},rejected_calls=${c.rejectedCalls},failed_calls=${c.failedCalls}`,
          ] as const,
        ]
      }),
    ),
  errorstats: (s) =>
    lines(
      'Errorstats',
      [...s.stat.errors]
        .sort((a, b) => (a[0] < b[0] ? -1 : 1))
        .map(([n, e]) => [`errorstat_${n}`, `count=${e.count}`] as const),
    ),
  latencystats: (s) =>
    lines(
      'Latencystats',
      [...commandsOf(s)].flatMap((c) => {
        const h = c.latency
        if (h === null || !s.config.latencyTracking) return []
        return [
          [
            `latency_percentiles_usec_${c.name}`,
            s.config.latencyTrackingInfoPercentiles.map((p) => `p${p}=${latencyPercentile(h, p).toFixed(3)}`).join(','),
          ] as const,
        ]
      }),
    ),
  cluster: (s) => lines('Cluster', [['cluster_enabled', s.config.clusterEnabled ? 1 : 0]]),
  keyspace: (s) =>
    lines(
      'Keyspace',
      s.dbs.flatMap((db, i) =>
        db.size === 0
          ? []
          : [[`db${i}`, `keys=${db.size},expires=${db.expires.size},avg_ttl=${Math.floor(db.avgTtlMs)}`] as const],
      ),
    ),
}
const EXTRA = new Set(['commandstats', 'latencystats', 'modules', 'sentinel'])
const SENTINEL_DEFAULT = ['server', 'clients', 'cpu', 'stats', 'sentinel']
const order = Object.keys(sections)

/** The text of INFO for the asked sections; none means the default ones. */
export function infoText(s: Server, asked: readonly Bytes[]): Bytes {
  const want = new Set<string>()
  const defaults = s.sentinel ? SENTINEL_DEFAULT : order.filter((n) => !EXTRA.has(n) || n === 'modules')
  const words = asked.length === 0 ? ['default'] : asked.map((w) => w.toLowerCase())
  for (const w of words) {
    if (w === 'default') for (const n of defaults) want.add(n)
    else if (w === 'all' || w === 'everything')
      for (const n of s.sentinel
        ? [...SENTINEL_DEFAULT, 'commandstats', 'errorstats']
        : order.filter((x) => x !== 'sentinel'))
        want.add(n)
    else want.add(w)
  }
  return order
    .filter((n) => want.has(n))
    .map((n) => sections[n]?.(s) ?? '')
    .filter((t) => t !== '')
    .join('\r\n')
}
